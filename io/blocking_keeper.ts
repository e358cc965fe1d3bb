/**
 * The keeper of the blocking pool: a worker of its own, because starting a thread blocks whoever does it for 24 to 58 ms,
 * which the poller and the schedulers have better uses for. It starts threads when there are jobs for them, up to a bound, ends
 * those that have been idle for a while, and replaces those whose function does not come back.
 *
 * A thread: starting → idle ⇄ loading → running → idle; ended from idle after a while, from running by force when its job
 * was given up and has not come back within the grace time.
 *
 * @module
 */
import type { FromKeeper, FromThread, Job, ToKeeper } from "./blocking_protocol.ts";
import { Worker as ThreadWorker } from "node:worker_threads";

// deno-lint-ignore no-explicit-any
const poller = globalThis as any;
const tell = (message: FromKeeper) => poller.postMessage(message);

interface Thread {
  readonly worker: ThreadWorker;
  state: "starting" | "idle" | "loading" | "running" | "ended";
  job: Job | null;
  /** Its job's actor waits no more. */
  givenUp: boolean;
  timer: ReturnType<typeof setTimeout> | undefined;
}

const threads = new Set<Thread>();
const queue: Job[] = [];
let most = 4;
let idleMs = 10_000;
let graceMs = 100;
let load: Int32Array = new Int32Array(3);

poller.onmessage = (event: MessageEvent<ToKeeper>) => {
  handle(event.data);
  publish();
};

/** For stats and dumps, after whatever may have changed it. */
function publish(): void {
  let busy = 0;
  for (const thread of threads) if (thread.job !== null) busy++;
  Atomics.store(load, 0, threads.size);
  Atomics.store(load, 1, busy);
  Atomics.store(load, 2, queue.length);
}

function handle(message: ToKeeper): void {
  switch (message.type) {
    case "size":
      most = message.threads;
      idleMs = message.idleMs;
      graceMs = message.graceMs;
      load = message.load;
      return;
    case "job":
      queue.push(message.job);
      serve();
      return;
    case "give-up":
      giveUp(message.id);
      return;
    case "close":
      close();
  }
}

function serve(): void {
  for (const thread of threads) {
    if (queue.length === 0) return;
    if (thread.state !== "idle") continue;
    clearTimeout(thread.timer);
    const job = queue.shift()!;
    thread.state = "loading";
    thread.job = job;
    // deno-lint-ignore no-explicit-any
    thread.worker.postMessage({ type: "job", job }, [job.port as any]);
  }
  const starting = [...threads].filter((thread) => thread.state === "starting").length;
  if (queue.length > starting && threads.size < most) {
    start();
    publish();
    if (queue.length > starting + 1) setTimeout(serve, 0); // messages get their turn between two starts
  }
}

function start(): void {
  const worker = new ThreadWorker(new URL("./blocking_thread.ts", import.meta.url));
  const thread: Thread = { worker, state: "starting", job: null, givenUp: false, timer: undefined };
  threads.add(thread);
  worker.on("message", (message: FromThread) => {
    heard(thread, message);
    publish();
  });
  worker.on("error", (error: Error) => ended(thread, error.message));
  worker.on("exit", (code: number) => ended(thread, `it exited with code ${code}`));
}

function heard(thread: Thread, message: FromThread): void {
  if (thread.state === "ended") return;
  switch (message.type) {
    case "running":
      thread.state = "running";
      if (thread.givenUp) limit(thread);
      return;
    case "done":
      clearTimeout(thread.timer);
      if (!thread.givenUp) tell({ type: "done", id: message.id });
      thread.job = null;
      thread.givenUp = false;
      rest(thread);
      return;
    case "ready":
      rest(thread);
  }
}

function rest(thread: Thread): void {
  thread.state = "idle";
  thread.timer = setTimeout(() => end(thread), idleMs);
  serve();
}

function giveUp(id: number): void {
  const at = queue.findIndex((job) => job.id === id);
  if (at >= 0) {
    queue.splice(at, 1)[0].port.close();
    return;
  }
  for (const thread of threads) {
    if (thread.job?.id !== id) continue;
    thread.givenUp = true;
    if (thread.state === "running") limit(thread);
  }
}

/** A function that does not come back is ended with its thread. One that loads its module is not: that would panic Deno. */
function limit(thread: Thread): void {
  thread.timer = setTimeout(() => end(thread), graceMs);
}

function end(thread: Thread): void {
  clearTimeout(thread.timer);
  thread.state = "ended";
  threads.delete(thread);
  thread.worker.terminate();
  serve();
  publish();
}

/** It died of itself. */
function ended(thread: Thread, reason: string): void {
  if (thread.state === "ended") return;
  queueMicrotask(publish);
  clearTimeout(thread.timer);
  thread.state = "ended";
  threads.delete(thread);
  const { job } = thread;
  if (job !== null && !thread.givenUp) {
    tell({ type: "failed", id: job.id, text: `the thread of the blocking function died: ${reason}` });
  }
  serve();
}

async function close(): Promise<void> {
  queue.length = 0;
  const all = [...threads];
  threads.clear();
  for (const thread of all) {
    clearTimeout(thread.timer);
    thread.state = "ended";
  }
  publish();
  await Promise.all(all.map((thread) => thread.worker.terminate()));
  tell({ type: "closed" });
  poller.close();
}
