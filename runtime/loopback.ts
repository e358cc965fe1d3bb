/**
 * The way of a message with a transfer list whose receiver lives on the sender's own scheduler: through the codec and a
 * ring of its own, as if it came from elsewhere. Structured clone alone would know no handle, channel sender, call or
 * IO token.
 *
 * @module
 */
import type { ObjectClasses } from "./sendable.ts";
import { InLink } from "./in_link.ts";
import { OutLink } from "./out_link.ts";
import { nodeBuiltin } from "./node_builtin.ts";
import { RING_HEADER_BYTES } from "./ring.ts";

/** Larger messages pass in pieces. */
const RING_BYTES = 1 << 16;

export class Loopback {
  readonly #side: unknown[][] = [];
  readonly #out: OutLink;
  readonly #in: InLink;

  constructor(classes: ObjectClasses) {
    const byteLength = RING_HEADER_BYTES + RING_BYTES;
    const region = { buffer: new SharedArrayBuffer(byteLength), byteOffset: 0, byteLength };
    this.#out = new OutLink(region, {
      classes,
      wakeReader: () => {},
      post: (values, transfer) => void this.#side.push(moved(values, transfer)),
    });
    this.#in = new InLink(region, { classes, wakeWriter: () => {}, takeSide: () => this.#side.shift() });
  }

  /** @throws NotSendableError, before anything was moved. */
  pass(message: unknown, transfer: Transferable[]): unknown {
    let arrived: unknown;
    this.#out.send(0, 0, 0, message, transfer);
    while (this.#in.drain((_kind, _target, _aux, payload) => arrived = payload, 1) === 0) this.#out.flush();
    return arrived;
  }
}

/** Structured clone has moved all else when it finds a port that is closed; a port looks at the ports of the list first. */
function moved(values: unknown[], transfer: Transferable[]): unknown[] {
  if (!transfer.some((item) => item instanceof MessagePort)) return structuredClone(values, { transfer });
  const { receiveMessageOnPort } = nodeBuiltin("node:worker_threads");
  const { port1, port2 } = new MessageChannel();
  try {
    port1.postMessage(values, transfer);
    // deno-lint-ignore no-explicit-any
    return receiveMessageOnPort(port2 as any)!.message;
  } finally {
    port1.close();
    port2.close();
  }
}
