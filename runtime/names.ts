/**
 * Registered names: one owner a name across all schedulers, in shared memory, so that `register` can say at once that a
 * name is taken and `whereis` asks nobody.
 *
 * Writers hold NAME_LOCK for a few hundred nanoseconds; readers take no lock, and read an entry again when its version
 * changed under them. The race that the lock closes: two actors register the same name on two schedulers, each finds it
 * free, each writes it. A holder that dies leaves its id in the lock; {@link breakLock} lets the others go on.
 *
 * @module
 */
import type { Pid } from "./api.ts";
import {
  NAME_BYTES_MAX,
  NAME_ENTRY_BYTES,
  NAME_HASH,
  NAME_LENGTH,
  NAME_LOCK,
  NAME_PID,
  NAME_REMOVED,
  NAME_TEXT,
  NAME_VERSION,
  NAMES_USED,
  type SharedMemory,
} from "./layout.ts";
import type { Routes } from "./slot_table.ts";
import { NameTakenError } from "./errors.ts";
import { formatPid } from "./pid.ts";

const encoder = new TextEncoder();

export class NameTable {
  readonly #run: Int32Array;
  readonly #words: Int32Array;
  readonly #doubles: Float64Array;
  readonly #bytes: Uint8Array;
  readonly #capacity: number;
  readonly #holder: number;
  readonly #routes: Routes;

  constructor(memory: SharedMemory, scheduler: number, routes: Routes) {
    this.#run = new Int32Array(memory.run);
    this.#words = new Int32Array(memory.names);
    this.#doubles = new Float64Array(memory.names);
    this.#bytes = new Uint8Array(memory.names);
    this.#capacity = Math.floor(memory.names.byteLength / NAME_ENTRY_BYTES);
    this.#holder = scheduler + 1;
    this.#routes = routes;
  }

  /** @throws NameTakenError when a live actor has the name, RangeError for a name that cannot be kept. */
  register(name: string, pid: Pid): void {
    const key = this.#key(name);
    this.#locked(() => {
      let free = -1;
      for (let i = 0; i < this.#capacity; i++) {
        const entry = (key.start + i) % this.#capacity;
        const length = this.#word(entry, NAME_LENGTH);
        if (length === 0) {
          if (free < 0) free = entry;
          break;
        }
        if (length === NAME_REMOVED) {
          if (free < 0) free = entry;
        } else if (this.#matches(entry, key)) {
          const owner = this.#doubles[this.#double(entry)] as Pid;
          if (owner !== pid && this.#routes.isLive(owner)) {
            throw new NameTakenError(
              `Cannot register ${JSON.stringify(name)}: actor ${formatPid(owner)} has that name`,
            );
          }
          this.#write(entry, key, pid);
          return;
        }
      }
      if (free < 0) {
        throw new RangeError(
          `Cannot register ${JSON.stringify(name)}: all ${this.#capacity} names are in use. Unregister some`,
        );
      }
      this.#write(free, key, pid);
    });
  }

  /** The live owner of a name. */
  whereis(name: string): Pid | undefined {
    if (typeof name !== "string" || name === "" || name.length > NAME_BYTES_MAX) return undefined;
    const key = this.#key(name);
    for (let i = 0; i < this.#capacity; i++) {
      const entry = (key.start + i) % this.#capacity;
      let owner: number;
      let length: number;
      let version: number;
      do { // pairs with the two version steps in #write()
        version = Atomics.load(this.#words, this.#int(entry) + NAME_VERSION);
        length = this.#word(entry, NAME_LENGTH);
        owner = length > 0 && this.#matches(entry, key) ? this.#doubles[this.#double(entry)] : 0;
      } while ((version & 1) !== 0 || Atomics.load(this.#words, this.#int(entry) + NAME_VERSION) !== version);
      if (length === 0) return undefined;
      if (owner !== 0) return this.#routes.isLive(owner as Pid) ? owner as Pid : undefined;
    }
    return undefined;
  }

  /** Frees the name, if this pid has it. */
  unregister(name: string, pid: Pid): boolean {
    const key = this.#key(name);
    return this.#locked(() => {
      for (let i = 0; i < this.#capacity; i++) {
        const entry = (key.start + i) % this.#capacity;
        const length = this.#word(entry, NAME_LENGTH);
        if (length === 0) return false;
        if (length === NAME_REMOVED || !this.#matches(entry, key)) continue;
        if (this.#doubles[this.#double(entry)] !== pid) return false;
        this.#remove(entry);
        return true;
      }
      return false;
    });
  }

  #remove(entry: number): void {
    const next = (entry + 1) % this.#capacity;
    if (this.#word(next, NAME_LENGTH) !== 0) {
      this.#setLength(entry, NAME_REMOVED);
      return;
    }
    // Nothing was ever pushed past this entry: it, and removed ones before it, are as good as never used.
    let at = entry;
    do {
      this.#setLength(at, 0);
      at = (at + this.#capacity - 1) % this.#capacity;
    } while (this.#word(at, NAME_LENGTH) === NAME_REMOVED);
  }

  #setLength(entry: number, length: number): void {
    const at = this.#int(entry);
    Atomics.add(this.#words, at + NAME_VERSION, 1);
    this.#words[at + NAME_LENGTH] = length;
    Atomics.add(this.#words, at + NAME_VERSION, 1);
  }

  #write(entry: number, key: Key, pid: Pid): void {
    const at = this.#int(entry);
    Atomics.store(this.#run, NAMES_USED, 1);
    Atomics.add(this.#words, at + NAME_VERSION, 1);
    this.#words[at + NAME_HASH] = key.hash;
    this.#words[at + NAME_LENGTH] = key.bytes.length;
    this.#doubles[this.#double(entry)] = pid;
    this.#bytes.set(key.bytes, entry * NAME_ENTRY_BYTES + NAME_TEXT);
    Atomics.add(this.#words, at + NAME_VERSION, 1);
  }

  #matches(entry: number, key: Key): boolean {
    if (this.#word(entry, NAME_HASH) !== key.hash || this.#word(entry, NAME_LENGTH) !== key.bytes.length) {
      return false;
    }
    const at = entry * NAME_ENTRY_BYTES + NAME_TEXT;
    for (let i = 0; i < key.bytes.length; i++) if (this.#bytes[at + i] !== key.bytes[i]) return false;
    return true;
  }

  #key(name: string): Key {
    if (typeof name !== "string" || name === "") {
      throw new TypeError(`A name needs at least one character, got ${Deno.inspect(name, { depth: 0 })}`);
    }
    const bytes = encoder.encode(name);
    if (bytes.length > NAME_BYTES_MAX) {
      throw new RangeError(`A name holds at most ${NAME_BYTES_MAX} bytes of UTF-8, got ${bytes.length}`);
    }
    let hash = 0x811c9dc5; // FNV-1a
    for (const byte of bytes) hash = Math.imul(hash ^ byte, 0x01000193);
    return { bytes, hash, start: (hash >>> 0) % this.#capacity };
  }

  #locked<T>(work: () => T): T {
    while (Atomics.compareExchange(this.#run, NAME_LOCK, 0, this.#holder) !== 0) {
      Atomics.wait(this.#run, NAME_LOCK, Atomics.load(this.#run, NAME_LOCK), 1);
    }
    try {
      return work();
    } finally {
      Atomics.store(this.#run, NAME_LOCK, 0);
      Atomics.notify(this.#run, NAME_LOCK, 1);
    }
  }

  #int(entry: number): number {
    return entry * (NAME_ENTRY_BYTES / 4);
  }
  #word(entry: number, word: number): number {
    return this.#words[this.#int(entry) + word];
  }
  #double(entry: number): number {
    return entry * (NAME_ENTRY_BYTES / 8) + NAME_PID;
  }
}

interface Key {
  readonly bytes: Uint8Array;
  readonly hash: number;
  readonly start: number;
}

/** After the death of a scheduler: if it held the lock, the lock is free again. */
export function breakLock(memory: SharedMemory, scheduler: number): boolean {
  return Atomics.compareExchange(new Int32Array(memory.run), NAME_LOCK, scheduler + 1, 0) === scheduler + 1;
}

/** All names by their owners, for dumps: read while others write. */
export function readNames(memory: SharedMemory): Map<Pid, string[]> {
  const found = new Map<Pid, string[]>();
  if (Atomics.load(new Int32Array(memory.run), NAMES_USED) === 0) return found;
  const words = new Int32Array(memory.names);
  const doubles = new Float64Array(memory.names);
  const bytes = new Uint8Array(memory.names);
  const decoder = new TextDecoder();
  for (let start = 0; start < memory.names.byteLength; start += NAME_ENTRY_BYTES) {
    const at = start / 4;
    const version = Atomics.load(words, at + NAME_VERSION);
    const length = words[at + NAME_LENGTH];
    if (version === 0 || length <= 0 || length > NAME_BYTES_MAX) continue;
    const owner = doubles[start / 8 + NAME_PID] as Pid;
    const name = decoder.decode(bytes.slice(start + NAME_TEXT, start + NAME_TEXT + length));
    if (Atomics.load(words, at + NAME_VERSION) !== version || (version & 1) !== 0) continue; // it is being changed
    const names = found.get(owner);
    if (names === undefined) found.set(owner, [name]);
    else names.push(name);
  }
  return found;
}
