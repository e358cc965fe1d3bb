/** A module whose main is spawned by its URL. */
import type { Actor } from "../../smarm.ts";

export function main(_self: Actor, n: number): number {
  return n * 2;
}
