/**
 * The entry of the poller's worker: an epoll-like service that runs operations for parked actors and wakes them.
 *
 * @module
 */
import type { FromWorker, ToWorker } from "../runtime/protocol.ts";

// deno-lint-ignore no-explicit-any
const control = globalThis as any;
const post: (message: FromWorker) => void = control.postMessage.bind(control);

control.onmessage = (event: MessageEvent<ToWorker>) => {
  switch (event.data.type) {
    case "init":
      post({ type: "ready" });
      return;
    case "close":
      post({ type: "stopped" });
      control.close();
  }
};
