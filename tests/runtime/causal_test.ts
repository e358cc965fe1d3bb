import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { CausalClock } from "../../runtime/causal_clock.ts";
import { allocate } from "../../runtime/layout.ts";
import { Peers } from "../../runtime/peers.ts";
import { random } from "../transport/order_program.ts";

const THREADS = 4;
const STEPS = 120;
/** One of so many loads from shared memory is where another thread is faster. */
const LOADS_A_STEP = 3;

/** What was sent, with how many records of each thread its sender knew of, its own included. */
interface Sent {
  readonly from: number;
  readonly known: number[];
}

/**
 * Four threads in one: each sends and drains at random, and wherever one of them reads shared memory others may be faster.
 * A record must not be taken in before one for the same thread that its sender knew of.
 */
class Threads {
  /** By thread: of whom it knows how many records. */
  readonly #known = Array.from({ length: THREADS }, () => new Array<number>(THREADS).fill(0));
  /** By thread: what is on its way to it. */
  readonly #coming: Sent[][] = Array.from({ length: THREADS }, () => []);
  readonly #peers: Peers[];
  readonly #random: (below: number) => number;
  readonly #busy = new Set<number>();
  readonly #mostTaken: number;
  stepsInside = 0;
  steps = STEPS;

  constructor(seed: number) {
    this.#random = random(seed);
    this.#mostTaken = [1, 3, 1000][this.#random(3)];
    const memory = allocate(THREADS, { slotCapacity: 64, names: 16, ringBytes: 1 << 15 });
    const refuse = () => {
      throw new Error("not expected");
    };
    this.#peers = Array.from({ length: THREADS }, (_, id) =>
      new Peers(memory, id, THREADS, {
        clock: new CausalClock(),
        openPort: refuse,
        take: refuse,
        wakeReader() {},
        undecodable: refuse,
      }));
  }

  step(): void {
    const idle = this.#known.map((_, id) => id).filter((id) => !this.#busy.has(id));
    if (idle.length === 0 || this.steps-- <= 0) return;
    const thread = idle[this.#random(idle.length)];
    this.#busy.add(thread);
    if (this.#random(3) === 0) this.drain(thread);
    else this.#send(thread, (thread + 1 + this.#random(THREADS - 1)) % THREADS);
    this.#busy.delete(thread);
  }

  /** Something in shared memory was read. */
  meanwhile(): void {
    if (this.#busy.size === 0 || this.#random(LOADS_A_STEP) > 0) return;
    this.stepsInside++;
    this.step();
  }

  #send(from: number, to: number): void {
    const known = this.#known[from];
    known[from]++;
    const sent = { from, known: [...known] };
    this.#coming[to].push(sent); // before it can be seen
    this.#peers[from].send(to, 1, 0, 0, sent);
  }

  drain(thread: number): number {
    return this.#peers[thread].drain((peer) => (_kind, _target, _aux, payload) => {
      const { from, known } = payload as Sent;
      assertEquals(from, peer);
      const coming = this.#coming[thread];
      const at = coming.findIndex((one) => one.from === from && one.known[from] === known[from]);
      coming.splice(at, 1);
      const missed = coming.find((one) => one.known[one.from] <= known[one.from]);
      assert(missed === undefined, `what ${from} sent came to ${thread} before what it knew of`);
      known.forEach((count, id) => this.#known[thread][id] = Math.max(this.#known[thread][id], count));
      this.meanwhile();
    }, this.#mostTaken);
  }

  get underWay(): number {
    return this.#coming.flat().length;
  }
}

Deno.test("records are taken in in causal order, whoever is faster", () => {
  const { load } = Atomics;
  let stepsInside = 0;
  try {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 1 << 30 }), (seed) => {
        const threads = new Threads(seed);
        // deno-lint-ignore no-explicit-any
        Atomics.load = (array: any, index: number) => {
          const value = load(array, index);
          threads.meanwhile();
          // deno-lint-ignore no-explicit-any
          return value as any;
        };
        while (threads.steps > 0) threads.step();
        stepsInside += threads.stepsInside;
        Atomics.load = load;
        for (let thread = 0; thread < THREADS; thread++) while (threads.drain(thread) > 0);
        assertEquals(threads.underWay, 0);
      }),
      { numRuns: 1500 },
    );
  } finally {
    Atomics.load = load;
  }
  assert(stepsInside > 10_000, `only ${stepsInside} steps were taken while another thread was reading`);
});

Deno.test("a thread's stamps rise, follow what it has seen, and keep up with the time", () => {
  const clock = new CausalClock();
  const first = clock.next();
  assert(clock.next() > first);
  clock.isNow(10);
  const atTen = clock.next();
  assert(atTen > first + 9);
  clock.isNow(5);
  assert(clock.next() > atTen, "it does not go back");
  const other = new CausalClock();
  other.saw(atTen);
  assert(other.next() > atTen);
  other.saw(first);
  assert(other.next() > atTen);
});

Deno.test("a thread that has talked to nobody does not keep others' records waiting", () => {
  const memory = allocate(3, { slotCapacity: 64, names: 16, ringBytes: 1 << 15 });
  const refuse = () => {
    throw new Error("not expected");
  };
  const clocks = [0, 1, 2].map(() => new CausalClock());
  const peers = clocks.map((clock, id) =>
    new Peers(memory, id, 3, { clock, openPort: refuse, take: refuse, wakeReader() {}, undecodable: refuse })
  );
  clocks[0].isNow(1000); // has been at work for long
  peers[0].send(2, 1, 0, 0, "of the busy one");
  clocks[1].isNow(1001); // has just begun, a moment later
  for (let i = 0; i < 100; i++) peers[1].send(2, 1, 0, 0, "of the other");
  const got: unknown[] = [];
  peers[2].drain(() => (_kind, _target, _aux, payload) => got.push(payload), 1);
  assertEquals(got, ["of the busy one"]);
});

Deno.test("what is to be done when all is taken that is under way waits for that, and for no more, in rings of any size", () => {
  const refuse = () => {
    throw new Error("not expected");
  };
  const large = 1 << 14; // all fits
  fc.assert(
    fc.property(
      fc.constantFrom(320, 384, 1024, large), // the smallest holds two records
      fc.array(fc.tuple(fc.constantFrom("send", "send", "drain", "wait"), fc.nat(60)), { maxLength: 80 }),
      (ringBytes, steps) => {
        const memory = allocate(2, { slotCapacity: 64, names: 16, ringBytes });
        const [writer, reader] = [0, 1].map((id) =>
          new Peers(memory, id, 2, {
            clock: new CausalClock(),
            openPort: refuse,
            take: refuse,
            wakeReader() {},
            undecodable: refuse,
          })
        );
        let sent = 0, taken = 0, waits = 0, done = 0;
        const waiting: number[] = [];
        const drain = (most: number) => {
          reader.drain(() => () => taken++, most);
          if (ringBytes === large) assert(waiting.length === 0 || waiting[0] > taken);
          writer.flush();
        };
        for (const [step, n] of steps) {
          if (step === "send") {
            writer.send(1, 1, 0, 0, "x".repeat(n));
            sent++;
          } else if (step === "drain") drain(n);
          else {
            waits++;
            waiting.push(sent);
            reader.whenTaken(() => {
              const sentBefore = waiting.shift()!;
              if (ringBytes === large) assert(taken >= sentBefore);
              done++;
            });
            assert(reader.hasRecords() ? done < waits : done === waits);
          }
        }
        do drain(1000); while (reader.hasRecords());
        assertEquals({ taken, done }, { taken: sent, done: waits });
      },
    ),
    { numRuns: 500 },
  );
});
