/**
 * Registered names: one owner a name across all schedulers, in shared memory, so that `register` can say at once that a
 * name is taken and `whereis` asks nobody.
 *
 * There is no lock, because a scheduler may be ended at any instruction, and 77 of 100 that were killed while they wrote
 * left a lock held. A bucket is one word that leads to a chain of nodes. A node is written before the chain leads to it and
 * never after; whoever changes a chain builds the new one out of nodes of its own and swaps the bucket's word. A
 * scheduler that dies on the way has changed nothing.
 *
 * The races that the swap closes: two actors register the same name on two schedulers, each finds it free, one swap
 * fails and looks again. A reader walks along a chain whose nodes are used again meanwhile: the bucket's word has changed
 * then, so it walks again. Words never come back, because each use of a node has a version of its own.
 *
 * Nodes that another scheduler has taken out of a chain are found by their owner when it runs out of nodes. Names of dead
 * actors are free at once, since every look asks whether the owner lives.
 *
 * @module
 */
import type { Pid } from "./api.ts";
import {
  NAME_BYTES_MAX,
  NAME_HASH,
  NAME_LENGTH,
  NAME_NEXT,
  NAME_NODE_BYTES,
  NAME_PID,
  NAME_TEXT,
  nameNodes,
  type SharedMemory,
} from "./layout.ts";
import type { Routes } from "./slot_table.ts";
import { NameTakenError } from "./errors.ts";
import { formatPid, fromDouble } from "./pid.ts";

const encoder = new TextEncoder();

/** A node's place in all nodes, + 1, in the low bits; the version of its use above. 0: no node. */
type Ref = bigint;
const NONE: Ref = 0n;
const PLACE_BITS = 31n;
const PLACE_MASK = 2n ** PLACE_BITS - 1n;

/** A node of a chain, as it was read. */
interface Link {
  readonly ref: Ref;
  readonly place: number;
  readonly pid: Pid;
}

interface Key {
  readonly bytes: Uint8Array;
  readonly hash: number;
  readonly bucket: number;
}

export class NameTable {
  readonly #words: Int32Array;
  readonly #doubles: Float64Array;
  readonly #refs: BigInt64Array;
  readonly #bytes: Uint8Array;
  readonly #buckets: number;
  readonly #routes: Routes;
  /** Our nodes: their first place, how many, which are free, and for which bucket those in chains were written. */
  readonly #first: number;
  readonly #most: number;
  readonly #nodes: number;
  #fresh = 0;
  #free: number[] = [];
  readonly #bucketOf: Map<number, number> = new Map();
  #version = 0n;

  constructor(memory: SharedMemory, scheduler: number, routes: Routes) {
    this.#words = new Int32Array(memory.names);
    this.#doubles = new Float64Array(memory.names);
    this.#refs = new BigInt64Array(memory.names);
    this.#bytes = new Uint8Array(memory.names);
    this.#buckets = memory.nameBuckets;
    this.#most = nameNodes(memory.nameBuckets, memory.schedulers);
    this.#nodes = this.#most * memory.schedulers;
    this.#first = scheduler * this.#most;
    this.#routes = routes;
  }

  /** @throws NameTakenError when a live actor has the name, that one included (OTP), RangeError for a name that cannot be kept. */
  register(name: string, pid: Pid): void {
    const key = this.#key(name);
    for (;;) {
      const { head, chain } = this.#read(key.bucket);
      const found = this.#find(chain, key);
      if (found !== undefined) {
        if (this.#routes.isLive(found.pid)) {
          const already = found.pid === pid ? " already" : "";
          throw new NameTakenError(
            `Cannot register ${JSON.stringify(name)}: actor ${formatPid(found.pid)} has that name${already}`,
          );
        }
      }
      const rest = this.#without(head, chain, found);
      const node = this.#take();
      if (node < 0) {
        this.#drop(rest.taken);
        throw new RangeError(
          `Cannot register ${JSON.stringify(name)}: all ${this.#most} names are in use. Unregister some`,
        );
      }
      this.#write(node, rest.head, pid, key.hash, key.bytes);
      if (this.#swap(key.bucket, head, this.#refTo(node))) {
        this.#changed(key.bucket, [...rest.taken, node], rest.gone);
        return;
      }
      this.#drop([...rest.taken, node]);
    }
  }

  /** The live owner of a name. */
  whereis(name: string): Pid | undefined {
    if (typeof name !== "string" || name === "" || name.length > NAME_BYTES_MAX) return undefined;
    const bytes = encoder.encode(name);
    if (bytes.length > NAME_BYTES_MAX) return undefined;
    const key = this.#hash(bytes);
    const owner = this.#owner(key);
    return owner !== undefined && this.#routes.isLive(owner) ? owner : undefined;
  }

  /** Frees the name, if this pid has it. */
  unregister(name: string, pid: Pid): boolean {
    const key = this.#key(name);
    for (;;) {
      const { head, chain } = this.#read(key.bucket);
      const found = this.#find(chain, key);
      if (found === undefined || found.pid !== pid) return false;
      const rest = this.#without(head, chain, found);
      if (this.#swap(key.bucket, head, rest.head)) {
        this.#changed(key.bucket, rest.taken, rest.gone);
        return true;
      }
      this.#drop(rest.taken);
    }
  }

  /**
   * For a scheduler that takes a dead one's place: nodes of its predecessor that are in chains stay as they are, and
   * names of the dead are taken out.
   */
  inherit(): void {
    const inUse = new Set<number>();
    for (let bucket = 0; bucket < this.#buckets; bucket++) {
      if (Atomics.load(this.#refs, bucket) === NONE) continue;
      for (const { ref } of this.#read(bucket).chain) {
        const version = ref >> PLACE_BITS;
        if (version >= this.#version) this.#version = version + 1n;
      }
    }
    for (let bucket = 0; bucket < this.#buckets; bucket++) {
      if (Atomics.load(this.#refs, bucket) === NONE) continue;
      for (const { place } of this.#read(bucket).chain) {
        if (!this.#isOurs(place)) continue;
        inUse.add(place);
        this.#bucketOf.set(place, bucket);
      }
    }
    this.#fresh = this.#most;
    for (let i = this.#most - 1; i >= 0; i--) {
      if (!inUse.has(this.#first + i)) this.#free.push(this.#first + i);
    }
    for (let bucket = 0; bucket < this.#buckets; bucket++) {
      if (Atomics.load(this.#refs, bucket) !== NONE) this.#bury(bucket);
    }
  }

  /** All names by their owners, for dumps. */
  byOwner(): Map<Pid, string[]> {
    const found = new Map<Pid, string[]>();
    const decoder = new TextDecoder();
    for (let bucket = 0; bucket < this.#buckets; bucket++) {
      if (Atomics.load(this.#refs, bucket) === NONE) continue;
      for (const { place, pid } of this.#read(bucket).chain) {
        const at = this.#at(place);
        const length = Math.min(this.#words[at / 4 + NAME_LENGTH], NAME_BYTES_MAX);
        const name = decoder.decode(this.#bytes.slice(at + NAME_TEXT, at + NAME_TEXT + length));
        const names = found.get(pid);
        if (names === undefined) found.set(pid, [name]);
        else names.push(name);
      }
    }
    return found;
  }

  /** How many names are kept, those of the dead included: for tests. */
  get size(): number {
    let size = 0;
    for (let bucket = 0; bucket < this.#buckets; bucket++) size += this.#read(bucket).chain.length;
    return size;
  }

  // --- Chains -----------------------------------------------------------------------------------------------------

  /** A chain as it was at one moment. */
  #read(bucket: number): { head: Ref; chain: Link[] } {
    for (;;) {
      const head = Atomics.load(this.#refs, bucket); // pairs with the swap
      const chain: Link[] = [];
      let ref = head;
      // A chain that is being changed may lead anywhere, in circles too: the second look at the bucket tells.
      while (ref !== NONE && chain.length <= this.#nodes) {
        const place = Number(ref & PLACE_MASK) - 1;
        if (place < 0 || place >= this.#nodes) break;
        chain.push({ ref, place, pid: fromDouble(this.#doubles[this.#at(place) / 8 + NAME_PID]) });
        ref = this.#refs[this.#at(place) / 8 + NAME_NEXT];
        if (chain.length % 64 === 0 && Atomics.load(this.#refs, bucket) !== head) break;
      }
      if (Atomics.load(this.#refs, bucket) === head) return { head, chain };
    }
  }

  #find(chain: readonly Link[], key: Key): Link | undefined {
    return chain.find((link) => this.#matches(link.place, key));
  }

  /** As read() and find(), without a list: what a send to a name pays. */
  #owner(key: Key): Pid | undefined {
    for (;;) {
      const head = Atomics.load(this.#refs, key.bucket);
      let owner: Pid | undefined;
      let ref = head;
      for (let steps = 0; ref !== NONE && steps <= this.#nodes; steps++) {
        const place = Number(ref & PLACE_MASK) - 1;
        if (place < 0 || place >= this.#nodes) break;
        if (this.#matches(place, key)) {
          owner = this.#doubles[this.#at(place) / 8 + NAME_PID] as Pid;
          break;
        }
        ref = this.#refs[this.#at(place) / 8 + NAME_NEXT];
        if (steps % 64 === 63 && Atomics.load(this.#refs, key.bucket) !== head) break;
      }
      if (Atomics.load(this.#refs, key.bucket) === head) return owner;
    }
  }

  /**
   * The chain without one link and without the dead: links before the last that goes are copied to nodes of ours.
   * `taken` are the copies, `gone` the places that are in no chain once the bucket was swapped.
   */
  #without(head: Ref, chain: readonly Link[], removed: Link | undefined) {
    const goes = (link: Link) => link === removed || !this.#routes.isLive(link.pid);
    let last = chain.length - 1;
    while (last >= 0 && !goes(chain[last])) last--;
    const taken: number[] = [];
    if (last < 0) return { head, taken, gone: [] };
    let next = last + 1 < chain.length ? chain[last + 1].ref : NONE;
    for (let i = last - 1; i >= 0; i--) {
      if (goes(chain[i])) continue;
      const node = this.#take();
      if (node < 0) { // no room for copies: only the front can be taken off
        this.#drop(taken);
        if (removed === undefined) return { head, taken: [], gone: [] };
        throw new RangeError(`Cannot change the names: all ${this.#most} are in use. Unregister some`);
      }
      taken.push(node);
      const from = this.#at(chain[i].place);
      const length = this.#words[from / 4 + NAME_LENGTH];
      const text = this.#bytes.slice(from + NAME_TEXT, from + NAME_TEXT + Math.min(length, NAME_BYTES_MAX));
      this.#write(node, next, chain[i].pid, this.#words[from / 4 + NAME_HASH], text);
      next = this.#refTo(node);
    }
    return { head: next, taken, gone: chain.slice(0, last + 1).map((link) => link.place) };
  }

  #bury(bucket: number): void {
    for (;;) {
      const { head, chain } = this.#read(bucket);
      const rest = this.#without(head, chain, undefined);
      if (rest.head === head) return;
      if (this.#swap(bucket, head, rest.head)) return this.#changed(bucket, rest.taken, rest.gone);
      this.#drop(rest.taken);
    }
  }

  #swap(bucket: number, from: Ref, to: Ref): boolean {
    return Atomics.compareExchange(this.#refs, bucket, from, to) === from; // pairs with the loads in #read()
  }

  // --- Nodes ------------------------------------------------------------------------------------------------------

  /** The versions of our nodes that are in use. */
  readonly #versions: Map<number, bigint> = new Map();

  #refTo(place: number): Ref {
    return (this.#versions.get(place)! << PLACE_BITS) | BigInt(place + 1);
  }

  /** A node that no chain leads to; -1 when there is none. */
  #take(): number {
    if (this.#free.length === 0 && this.#fresh === this.#most) this.#collect();
    const place = this.#free.pop() ?? (this.#fresh < this.#most ? this.#first + this.#fresh++ : -1);
    if (place < 0) return -1;
    this.#versions.set(place, this.#version++);
    return place;
  }

  /** Copies that were made in vain. */
  #drop(places: readonly number[]): void {
    for (const place of places) {
      this.#bucketOf.delete(place);
      this.#versions.delete(place);
      this.#free.push(place);
    }
  }

  /** A bucket was swapped: `taken` are in its chain now, and `gone` in none. */
  #changed(bucket: number, taken: readonly number[], gone: readonly number[]): void {
    for (const place of taken) this.#bucketOf.set(place, bucket);
    this.#drop(gone.filter((place) => this.#isOurs(place)));
  }

  /** Nodes that others have taken out of their chains are free again. */
  #collect(): void {
    const inUse = new Set<number>();
    for (const bucket of new Set(this.#bucketOf.values())) {
      for (const { place } of this.#read(bucket).chain) inUse.add(place);
    }
    this.#drop([...this.#bucketOf.keys()].filter((place) => !inUse.has(place)));
  }

  #isOurs(place: number): boolean {
    return place >= this.#first && place < this.#first + this.#most;
  }

  #write(place: number, next: Ref, pid: Pid, hash: number, text: Uint8Array): void {
    const at = this.#at(place);
    this.#refs[at / 8 + NAME_NEXT] = next;
    this.#doubles[at / 8 + NAME_PID] = pid;
    this.#words[at / 4 + NAME_HASH] = hash;
    this.#words[at / 4 + NAME_LENGTH] = text.length;
    this.#bytes.set(text, at + NAME_TEXT);
  }

  #matches(place: number, key: Key): boolean {
    const at = this.#at(place);
    if (
      this.#words[at / 4 + NAME_HASH] !== key.hash || this.#words[at / 4 + NAME_LENGTH] !== key.bytes.length
    ) {
      return false;
    }
    for (let i = 0; i < key.bytes.length; i++) {
      if (this.#bytes[at + NAME_TEXT + i] !== key.bytes[i]) return false;
    }
    return true;
  }

  /** In bytes: behind the buckets. */
  #at(place: number): number {
    return this.#buckets * 8 + place * NAME_NODE_BYTES;
  }

  #key(name: string): Key {
    if (typeof name !== "string" || name === "") {
      throw new TypeError(`A name needs at least one character, got ${Deno.inspect(name, { depth: 0 })}`);
    }
    const bytes = encoder.encode(name);
    if (bytes.length > NAME_BYTES_MAX) {
      throw new RangeError(`A name holds at most ${NAME_BYTES_MAX} bytes of UTF-8, got ${bytes.length}`);
    }
    return this.#hash(bytes);
  }

  #hash(bytes: Uint8Array): Key {
    let hash = 0x811c9dc5; // FNV-1a
    for (const byte of bytes) hash = Math.imul(hash ^ byte, 0x01000193);
    return { bytes, hash, bucket: (hash >>> 0) % this.#buckets };
  }
}
