/**
 * What schedulers and the poller say to each other: the record kinds 48 to 79 of runtime/protocol.ts.
 *
 * Every request has a number, unique on its scheduler while it is open, and gets exactly one answer, cancelled or not. So a
 * number is free again when its answer has come, and what an answer carries too late is never lost: the scheduler gives
 * it back.
 *
 * The race of a cancelled read: the poller answers with bytes, the scheduler gives the read up before it sees them, and
 * the actor's next read overtakes what it gives back. So a CANCEL that finds its request answered makes the poller hold
 * all reads of that resource until the RETURN has come, which the scheduler sends for every such answer, bytes or none.
 *
 * @module
 */
import { MAX_SCHEDULERS } from "../runtime/config.ts";
import { R_IO_FIRST } from "../runtime/protocol.ts";

// --- Scheduler → poller: kind, target, aux, payload --------------------------------------------------------------

/** target: the asking actor's pid. aux: request number. Payload: [operation, resource, ...arguments]. */
export const R_IO_REQUEST = R_IO_FIRST;
/** target: resource. aux: request number. Payload: at most so many bytes. */
export const R_IO_READ = R_IO_FIRST + 1;
/** target: resource. aux: request number. Payload: the bytes. */
export const R_IO_WRITE = R_IO_FIRST + 2;
/** target: resource, or 0. aux: request number. Payload: whether a late answer is given back. */
export const R_IO_CANCEL = R_IO_FIRST + 3;
/**
 * target: resource. Payload: [what a cancelled read or accept had got or null, true]; or [bytes, false] from a reader that
 * took more than it needed.
 */
export const R_IO_RETURN = R_IO_FIRST + 4;
/** target: resource. */
export const R_IO_CLOSE = R_IO_FIRST + 5;
/** target: resource. aux: how often it was given away. Payload: the owner's pid, on the same scheduler as the one before. */
export const R_IO_OWN = R_IO_FIRST + 6;
/** target: the pid of an actor that has ended: all it owns is closed. */
export const R_IO_RELEASE = R_IO_FIRST + 7;
/** target: resource. Payload: bytes to write, of which only a failure is told. */
export const R_IO_POST = R_IO_FIRST + 8;
/** target: a connection that nobody has used yet, and that is to be at home at the asking scheduler (home.ts). */
export const R_IO_ADOPT = R_IO_FIRST + 9;
/** target: a connection or a file that comes from its home. Payload: {@link Departure}, {@link FileDeparture}. */
export const R_IO_CAME_BACK = R_IO_FIRST + 10;
/** target: a connection that came back. Payload: how the write ended that was still under way: {@link PackedError} or null. */
export const R_IO_FLUSHED = R_IO_FIRST + 11;
/**
 * As R_IO_OWN, from a scheduler that has sent it to another, behind all that it asked for before. Payload: [the owner's
 * pid, or {@link onTheWayTo} while it travels; the number of the handing-over].
 */
export const R_IO_SENT = R_IO_FIRST + 12;
/**
 * As R_IO_OWN, from the scheduler that it was sent to, before all that it asks for; or from the sender, when the actor that
 * it had offered with it to others has stayed. Payload: [the owner's pid, or 0; the number of the handing-over].
 */
export const R_IO_CLAIM = R_IO_FIRST + 13;
/** target: a file that the scheduler has opened, and has at home (home_file.ts). Payload: the owner's pid. */
export const R_IO_OPENED = R_IO_FIRST + 14;

/** As R_IO_WRITE, within a scheduler: the array is left alone until its bytes are written. */
export const R_IO_LEND = R_IO_FIRST + 15;

// --- Poller → scheduler ------------------------------------------------------------------------------------------

/** aux: request number. Payload: the result. */
export const R_IO_DONE = R_IO_FIRST + 16;
/** aux: request number. Payload: {@link PackedError}. */
export const R_IO_FAILED = R_IO_FIRST + 17;
/** aux: request number. It was given up before it had an answer. */
export const R_IO_CANCELLED = R_IO_FIRST + 18;
/** target: resource. Payload: {@link PackedError}, which came of a R_IO_POST. */
export const R_IO_BROKEN = R_IO_FIRST + 19;
/** target: a connection. The answer to R_IO_ADOPT: its descriptor, or null, and it stays in the poller. */
export const R_IO_ADOPTED = R_IO_FIRST + 20;
/** target: a connection or a file that is to leave its home. */
export const R_IO_RECALL = R_IO_FIRST + 21;
/** target: a connection that has left its home, whose last write there is to be given up; or a file that the poller has now. */
export const R_IO_STOP = R_IO_FIRST + 22;

/** What a connection brings back from its home. */
export interface Departure {
  /** Null when the OS has no descriptor left: then `failure` says so. */
  readonly descriptor: number | null;
  /** What was read and not taken yet. */
  readonly unread: readonly Uint8Array[];
  /** What its next reader is to be told. */
  readonly failure: PackedError | null;
  readonly writeEnded: boolean;
  /** A write that the OS has not taken whole: its request, how many bytes it had, and whether only a failure is told. */
  readonly writing: readonly [number: number, count: number, isSilent: boolean] | null;
}

/** What is to be known of a file that has left its home. */
export interface FileDeparture {
  readonly path: string;
  readonly dev: number;
  readonly ino: number;
  readonly how: Pick<Deno.OpenOptions, "read" | "write" | "append">;
  /** Where its next read or write is. */
  readonly position: number;
}

/**
 * The answer to a write whose bytes moved: how many were written, and the buffer, for a later one. A new buffer of 1 MiB
 * costs a page fault for every 4 KiB, and its zeros, on top of the copy: together more than the write.
 */
export type WrittenBack = [count: number, buffer: ArrayBuffer];

/** An error on its way: name of its class, message, and the OS's code (`ENOENT`) or null. */
export type PackedError = [name: string, message: string, code: string | null];

/** Resources that are there from the start and belong to nobody. */
export const STDIN = 1;
export const STDOUT = 2;
export const STDERR = 3;
export const FIRST_RESOURCE = 4;

/** Ids that a scheduler gives, each greater than the one before; the poller's own are smaller. */
export function firstIdOf(scheduler: number): number {
  return (scheduler + 1) * IDS;
}

/** The scheduler that has given an id; -1: the poller. */
export function openerOf(id: number): number {
  return Math.floor(id / IDS) - 1;
}

const IDS = 2 ** 40;

/**
 * The owner of what travels to a scheduler, and to no actor there that could be named: lost with that scheduler. `life`:
 * how many have had that id before, and died; so news that comes late is known to be of one that is dead.
 */
export function onTheWayTo(scheduler: number, life: number): number {
  return -1 - scheduler - life * MAX_SCHEDULERS;
}

/** Where something with that owner travels to. */
export function wayOf(owner: number): { scheduler: number; life: number } {
  const way = -1 - owner;
  return { scheduler: way % MAX_SCHEDULERS, life: Math.floor(way / MAX_SCHEDULERS) };
}

/** An address as Deno shows it; plain data. */
export type PlainAddr = Deno.Addr;

/** What an answer to accept or connect carries: enough to make the token. `isNew`: nobody has used it yet. */
export type ConnRecord = [
  resource: number,
  localAddr: PlainAddr,
  remoteAddr: PlainAddr,
  isTls: boolean,
  isNew: boolean,
];

/**
 * So many bytes may be on their way to a connection without anybody waiting for them: a write that stays below is over at
 * once, the one that exceeds it waits until all are written. It saves half the trips between threads.
 */
export const WRITE_WINDOW_BYTES = 64 * 1024;

/** How long what is closed may go on writing what it was given before. */
export const LINGER_MS = 1000;

/** No read gives more at once. */
export const LARGEST_READ = 1024 * 1024;

/** More bytes than this travel by the side port, moved and not copied; fewer in the ring. */
export const MOST_RING_BYTES = 128 * 1024; // guessed: at 256 KiB neither way wins in bench/io/copy.ts
