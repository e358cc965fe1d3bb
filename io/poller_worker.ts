/**
 * The entry of the poller's worker: an epoll-like service that runs operations for parked actors and wakes them.
 *
 * @module
 */
import type { FromWorker, ToWorker } from "../runtime/protocol.ts";
import { Doorbell } from "../runtime/doorbell.ts";
import { awaitProcessEnd, countPosts } from "../runtime/last_words.ts";
import { RunClock } from "../timer/clock.ts";
import { Poller } from "./poller.ts";
import { receiveMessageOnPort } from "node:worker_threads";

// deno-lint-ignore no-explicit-any
const control = globalThis as any;
let post: (message: FromWorker, transfer?: Transferable[]) => void = control.postMessage.bind(control);

let leave: () => void = control.close.bind(control);

let poller: Poller;
let clock: RunClock;

control.onmessage = (event: MessageEvent<ToWorker>) => {
  const message = event.data;
  switch (message.type) {
    case "init":
      boot(message);
      return;
    case "port":
      poller.setPort(message.from, message.port);
      return;
    case "thread":
      poller.blocking.started(message.thread, message.port);
      return;
    case "thread-died":
      poller.blocking.died(message.thread, message.reason);
      return;
    case "lost":
      post({ type: "recovered", id: message.id, ...poller.lost(message.id) });
      return;
    case "close":
      close();
  }
};

// An operation that fails is told to its actor; what is left is a fault of the poller, which goes on for the others.
addEventListener("unhandledrejection", (event) => {
  event.preventDefault();
  warn(`the poller lost an error: ${event.reason?.stack ?? event.reason}`);
});
addEventListener("error", (event) => {
  event.preventDefault();
  warn(`the poller lost an error: ${event.error?.stack ?? event.message}`);
});

function warn(text: string): void {
  post({ type: "log", level: "error", pid: null, name: null, atMs: clock.now(), message: text, fields: "" });
}

function boot(init: Extract<ToWorker, { type: "init" }>): void {
  const { id, memory, config, epochMs, incarnations } = init;
  if (init.endsWithProcess) leave = awaitProcessEnd;
  clock = new RunClock(epochMs);
  const words = new Int32Array(memory.peerWords);
  post = countPosts(words, id, post);
  const doorbell = new Doorbell(words, id, () => poller.pump());
  poller = new Poller(memory, words, doorbell, config.blockingThreads, incarnations, {
    openPort: (to, life) => {
      const channel = new MessageChannel();
      post({ type: "port", to, life, port: channel.port2 }, [channel.port2]);
      return channel.port1;
    },
    // deno-lint-ignore no-explicit-any
    take: (port) => receiveMessageOnPort(port as any) as { message: unknown } | undefined,
    warn,
    startThread: (thread) => post({ type: "start-thread", thread }),
    endThread: (thread) => post({ type: "end-thread", thread }),
  });
  poller.pump();
  post({ type: "ready" });
}

async function close(): Promise<void> {
  await poller.close();
  post({ type: "stopped" });
  leave();
}
