/**
 * Transfer lists, looked at before anything moves: Deno detaches the buffers of a list even when it then refuses the
 * message, and an actor whose send was refused has still what it wanted to send.
 *
 * @module
 */
import { checkNames } from "./spelling.ts";
import { checkLeaf, NotSendableError } from "./sendable.ts";

/** What `send` takes behind the message. */
export interface SendOptions {
  readonly transfer?: Transferable[];
}

/** @throws TypeError for what is no object or holds no list, such as the list itself: nothing would be moved. */
export function listOf(options: SendOptions, operation: string): Transferable[] | undefined {
  if (typeof options !== "object" || options === null || Array.isArray(options)) {
    const given = Deno.inspect(options, { depth: 0, iterableLimit: 3 });
    throw new TypeError(`${operation} takes { transfer } as its options, got ${given}`);
  }
  checkNames(options, ["transfer"], operation);
  const { transfer } = options;
  if (transfer !== undefined) checkList(transfer, operation);
  return transfer;
}

/** @throws TypeError for what is no list: it would be ignored, or taken for a list of numbers. */
export function checkList(transfer: unknown, operation: string): void {
  if (Array.isArray(transfer)) return;
  const given = Deno.inspect(transfer, { depth: 0, iterableLimit: 3 });
  throw new TypeError(`${operation} needs an array of what is to be moved as transfer, got ${given}`);
}

/** @throws NotSendableError naming the first item that cannot be moved. */
export function checkTransfer(transfer: readonly unknown[]): void {
  for (let index = 0; index < transfer.length; index++) {
    const item = transfer[index];
    const refusal = refusalOf(item) ??
      (transfer.indexOf(item) < index ? "it is in the list twice. List it once" : null);
    if (refusal !== null) throw new NotSendableError(`transfer[${index}]`, refusal);
  }
}

/** Values that go by the side channel, before it is told of them. */
export function checkSide(values: readonly unknown[], transfer: readonly unknown[] = []): void {
  for (const value of values) checkLeaf(value, transfer);
}

function refusalOf(item: unknown): string | null {
  if (item instanceof ArrayBuffer) {
    return item.detached ? "it is detached, it was transferred before. List it once" : null;
  }
  if (item instanceof MessagePort) return null;
  if (item instanceof ReadableStream || item instanceof WritableStream) {
    return item.locked ? "it is locked, somebody reads or writes it. Release the lock first" : null;
  }
  if (item instanceof TransformStream) return refusalOf(item.readable) ?? refusalOf(item.writable);
  if (ArrayBuffer.isView(item)) return "a view cannot be moved. List its buffer";
  if (item instanceof SharedArrayBuffer) return "a SharedArrayBuffer is shared, not moved. Do not list it";
  return "only buffers, ports and streams can be moved. Do not list anything else";
}
