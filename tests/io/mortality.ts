/**
 * What makes the poller of mortal_poller.ts mortal: it dies of an error that nobody handles, once it is told to on the
 * channel that the program's last argument names. It is imported before the poller, whose own listener goes on after any
 * error and must not hear of this one.
 *
 * @module
 */
import type { ToWorker } from "../../runtime/protocol.ts";

class Death extends Error {}

addEventListener("error", (event) => {
  if (event.error instanceof Death) event.stopImmediatePropagation();
});
addEventListener("message", (event) => {
  const data: ToWorker = (event as MessageEvent).data;
  if (data.type !== "init") return;
  const order = new BroadcastChannel(data.args.at(-1)!);
  order.onmessage = () => {
    order.close();
    Error.stackTraceLimit = 0; // Deno prints it
    throw new Death("it was told to");
  };
});
