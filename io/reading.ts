/**
 * What everything that gives bytes has in common: files, connections, pipes and stdin are read in pieces and by lines.
 *
 * @module
 */
import type { WaitOptions } from "../runtime/api.ts";
import type { ActorImpl } from "../runtime/actor.ts";
import type { IoClient } from "./client.ts";
import { unread } from "./bytes.ts";
import { Lines } from "./lines.ts";

/** Reads one piece; null at the end. */
export type ReadPiece = (options?: WaitOptions) => Promise<Uint8Array | null>;

/**
 * Line by line; what a loop that breaks off does not need goes back to the resource. The loop is over when it is there: a
 * reader on another scheduler, to whom the resource is sent then, has a way of its own to the poller and might be faster.
 */
export function linesOf(
  io: IoClient,
  id: number,
  actor: () => ActorImpl,
  read: ReadPiece,
): AsyncIterableIterator<string> {
  return new Lines({
    read,
    unread(rest) {
      unread(io, id, rest);
      if (rest.length === 0) return;
      const arrived = io.operate(actor(), "give back what was read", undefined, "noted", 0, []);
      return arrived.then(() => {}, () => {}); // an actor that has ended waits for nothing
    },
  });
}

/** Reads larger pieces while they are filled: what is small is read without a large buffer, what is large in few turns. */
export function growing(
  first: number,
  most: number,
  read: (n: number, options?: WaitOptions) => Promise<Uint8Array | null>,
): ReadPiece {
  let size = first;
  return async (options) => {
    const piece = await read(size, options);
    if (piece !== null && piece.length === size) size = Math.min(size * 4, most);
    return piece;
  };
}

/** Piece by piece, to the end. */
export async function* piecesOf(read: ReadPiece): AsyncGenerator<Uint8Array, void> {
  for (let piece = await read(); piece !== null; piece = await read()) yield piece;
}
