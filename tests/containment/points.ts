/**
 * The points of death: every write to shared memory, by the name that runtime/layout.ts has for what is written.
 *
 * @module
 */
import * as layout from "../../runtime/layout.ts";
import { RING_HEADER_BYTES } from "../../runtime/ring.ts";

/** Words of the test's own in the run block. */
export const ARMED = layout.TEST_WORDS;
export const VICTIM = layout.TEST_WORDS + 1;
/** The number of a point, or ANY. */
export const POINT = layout.TEST_WORDS + 2;
/** So many writes there go well. */
export const LEFT = layout.TEST_WORDS + 3;
/** The victim waits here for its end. */
export const PARK = layout.TEST_WORDS + 4;
/** Block and byte of a word without a name. */
export const NAMELESS_AT = layout.TEST_WORDS + 5;

export const DISARMED = 0;
export const READY = 1;
export const HIT = 2;
/** A word was written that has no name here; NAMELESS_AT says which. */
export const NAMELESS = 3;
export const ANY = -1;

const PEER = named(
  "CURRENT_KEY RUN_QUEUE_LENGTH SPAWNED ENDED SLEEPING IO_PARKED TIMERS EPOCH NOT_RECEIVING RECORDS_OUT RECORDS_IN BELL ASLEEP " +
    "LIVE TAKEN_AWAY MISSED POSTED LOG_POSTED LOG_DROPPED " +
    "SPAWN_KEY SPAWN_GENERATION SPAWN_TARGET END_KEY END_GENERATION END_TARGET",
);
const RUN = named("MAIN_ENDED HUNGRY NOTICE_PENDING CLOSING RACES_TOLD");
const DETAIL = named("DETAIL_WAIT DETAIL_SINCE DETAIL_BEGAN");
const RING = new Map([[0, "TAIL"], [16, "HEAD"], [32, "WRITER_WAITING"], [33, "GENERATION"]]);
const OFFER = new Map([[0, "LENGTH"], [1, "TARGET"], [2, "PID"], [3, "PID"]]);
const NAME = new Map([
  [0, "NAME_NEXT"],
  [1, "NAME_NEXT"],
  [2, "NAME_PID"],
  [3, "NAME_PID"],
  [4, "NAME_HASH"],
  [
    5,
    "NAME_LENGTH",
  ],
]);

/** Every point there is; its number is its place here. */
export const POINTS: readonly string[] = [
  ...[...PEER.values()].map((name) => `peer ${name}`),
  ...[...RUN.values()].map((name) => `run ${name}`),
  ...[...DETAIL.values()].map((name) => `detail ${name}`),
  "route",
  "counter",
  ...[...RING.values()].map((name) => `ring ${name}`),
  "ring record",
  "offers HEAD",
  "offers TAIL",
  ...new Set([...OFFER.values()].map((name) => `offer ${name}`)),
  "offer record",
  "name bucket",
  ...new Set([...NAME.values()].map((name) => `node ${name}`)),
  "node NAME_TEXT",
];

/**
 * What can only be written where nobody is killed: by main's scheduler, by one that is being closed, and by whoever
 * settles a loss; and what the load gives no reason to write.
 */
export const RARE: readonly string[] = ["run MAIN_ENDED", "run CLOSING", "run RACES_TOLD", "ring GENERATION"];

function named(names: string): Map<number, string> {
  const words = layout as unknown as Record<string, number>;
  return new Map(names.split(" ").map((name) => [words[name], name]));
}

export type Block = Exclude<
  {
    [K in keyof layout.SharedMemory]: layout.SharedMemory[K] extends
      SharedArrayBuffer | SharedArrayBuffer[] | null ? K
      : never;
  }[keyof layout.SharedMemory],
  "trace"
>;

export const BLOCKS: readonly Block[] = [
  "run",
  "peerWords",
  "counters",
  "routes",
  "details",
  "rings",
  "offers",
  "names",
];

/** The point at which a byte of a block is written; -1 where there is none. */
export function pointAt(memory: layout.SharedMemory, block: Block, byte: number): number {
  return POINTS.indexOf(nameAt(memory, block, byte));
}

function nameAt(memory: layout.SharedMemory, block: Block, byte: number): string {
  const word = byte >> 2;
  switch (block) {
    case "run":
      return `run ${RUN.get(word)}`;
    case "peerWords":
      return `peer ${PEER.get(word % layout.PEER_WORDS)}`;
    case "counters":
      return "counter";
    case "routes":
      return "route";
    case "details":
      return `detail ${DETAIL.get(word % layout.DETAIL_WORDS)}`;
    case "rings": {
      const at = byte % memory.ringBytes;
      return at < RING_HEADER_BYTES ? `ring ${RING.get(at >> 2)}` : "ring record";
    }
    case "offers": {
      const head = 128;
      const at = byte % (layout.OFFERS_DEFAULT * layout.OFFER_BYTES + head);
      if (at < head) return at === 0 ? "offers HEAD" : "offers TAIL";
      return `offer ${OFFER.get(((at - head) % layout.OFFER_BYTES) >> 2) ?? "record"}`;
    }
    case "names": {
      const buckets = memory.nameBuckets * 8;
      if (byte < buckets) return "name bucket";
      return `node ${NAME.get(((byte - buckets) % layout.NAME_NODE_BYTES) >> 2) ?? "NAME_TEXT"}`;
    }
  }
}
