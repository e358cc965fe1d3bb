/**
 * What the trace is told of the runtime: names for its numbers, and how full the rings between threads are.
 *
 * @module
 */
import type { Words } from "../trace/converter.ts";
import type { RingFill } from "../trace/writer.ts";
import { findFunction, readModule } from "../trace/locate.ts";
import { R_CALL, R_DEATH, R_FAILURE, R_MESSAGE, R_NOTICE, R_OUTCOME, R_REPLY, R_SPAWN } from "./protocol.ts";
import { R_CHANNEL_CLOSED, R_CHANNEL_FIRST } from "./protocol.ts";
import { isIo, WAIT_NAMES, type WaitKind } from "./wait.ts";
import { ringFillBytes } from "./ring.ts";
import { ASLEEP, PEER_WORDS, type SharedMemory } from "./layout.ts";

const RECORD_NAMES: Record<number, string> = {
  [R_MESSAGE]: "message",
  [R_CALL]: "call",
  [R_REPLY]: "reply",
  [R_FAILURE]: "reply",
  [R_SPAWN]: "spawn",
  [R_DEATH]: "end",
  [R_NOTICE]: "end",
  [R_OUTCOME]: "end",
};

export const TRACE_WORDS: Words = {
  wait: (kind) => kind === 0 ? "a promise that is not smarm's" : WAIT_NAMES[kind],
  isIo: (kind) => isIo(kind as WaitKind),
  record: (kind) =>
    RECORD_NAMES[kind] ?? (kind >= R_CHANNEL_FIRST && kind <= R_CHANNEL_CLOSED ? "channel" : "signal"),
  isMessage: (kind) => kind === R_MESSAGE || kind === R_CALL,
  locate: ({ module, exportName, spawnedAt }) =>
    module === undefined || exportName === undefined
      ? spawnedAt === undefined ? undefined : `spawned at ${spawnedAt}`
      : findFunction(module, exportName, readModule),
};

/** Whether all schedulers sleep. */
export function isAtRest(memory: SharedMemory): boolean {
  const words = new Int32Array(memory.peerWords);
  for (let id = 0; id < memory.schedulers; id++) {
    if (Atomics.load(words, id * PEER_WORDS + ASLEEP) === 0) return false;
  }
  return true;
}

/** Rings that are looked at each time; where there are more, one time of {@link RARELY}. */
const MOST_RINGS = 1024;
const RARELY = 16;

/** Sums the bytes in the rings to each peer. */
export function ringFillOf(memory: SharedMemory): RingFill {
  const words = new Int32Array(memory.rings);
  const { peers, ringBytes } = memory;
  const fill: number[] = new Array(peers).fill(0);
  let looks = 0;
  return () => {
    if (peers * peers > MOST_RINGS && looks++ % RARELY !== 0) return fill;
    for (let to = 0; to < peers; to++) {
      let bytes = 0;
      for (let from = 0; from < peers; from++) {
        bytes += ringFillBytes(words, (from * peers + to) * ringBytes / 4, ringBytes);
      }
      fill[to] = bytes;
    }
    return fill;
  };
}
