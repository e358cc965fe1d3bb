/**
 * Whether the code that runs is the program's or the runtime's own, told apart with `--contain` only: an actor that is cut
 * off in its own code ends alone; in the middle of the runtime's, a queue or a ring may be half changed, and its scheduler
 * is ended (containment.ts).
 *
 * The program's code runs in an actor's first turn and in its microtasks, and whatever it calls of the runtime's is
 * wrapped, so that nothing is paid where nothing is contained. A `finally` does not run where code is cut off: the mark
 * stays as it was then.
 *
 * @module
 */
import { ActorImpl } from "./actor.ts";
import type { ActorFunction } from "./api.ts";
import { CallImpl } from "./call.ts";
import { ChannelCore } from "./channel.ts";
import { ReceiverImpl, SenderImpl } from "./channel_ends.ts";
import { ChannelTraffic } from "./channel_remote.ts";
import { HandleImpl } from "./handle.ts";
import { Remote } from "./remote.ts";
import { Scheduler } from "./scheduler.ts";
import { ActorIo } from "../io/actor_io.ts";
import { IoClient } from "../io/client.ts";
import { Groups } from "../supervisor/groups.ts";
import { SupervisorHandleImpl } from "../supervisor/handle.ts";

/** All that changes what actors share on a scheduler goes through one of these. */
const RUNTIME = [
  ActorImpl,
  CallImpl,
  HandleImpl,
  SupervisorHandleImpl,
  SenderImpl,
  ReceiverImpl,
  ChannelCore,
  ChannelTraffic,
  Scheduler,
  Remote,
  IoClient,
  ActorIo,
  Groups,
];
/** These call the program's code. */
const CALLS_PROGRAM = ["constructor", "drive"];

export class Isolation {
  readonly #runMicrotasks: () => void;
  /** The program's code runs, and none of the runtime's on top of it. */
  isProgram = false;
  /** Whose listeners hear of its end. */
  told: ActorImpl | null = null;
  /** Those of nobody's turn run. */
  #isOthers = false;

  constructor(runMicrotasks: () => void) {
    this.#runMicrotasks = runMicrotasks;
    for (const { prototype } of RUNTIME) this.#wrapAll(prototype);
  }

  /** An actor is about to begin. */
  begins(seed: HandleImpl, fn: ActorFunction): void {
    const begin: ActorFunction = (self, ...args) => this.#inProgram(() => fn(self, ...args));
    seed.fn = begin; // not at once: see wait.ts, `whenGivenUp`
  }

  /** What the actor on the CPU goes on with, until it waits. */
  drain(): void {
    this.#inProgram(this.#runMicrotasks);
  }

  drainOthers(): void {
    this.#isOthers = true;
    this.#runMicrotasks();
    this.#isOthers = false;
  }

  /** Code was cut off. True: it was the program's, in an actor's turn. */
  wasCutOff(): boolean {
    const alone = this.isProgram && !this.#isOthers;
    this.isProgram = this.#isOthers = false;
    return alone;
  }

  /** An actor's listeners hear of its end in whatever stack: it is not theirs to be ended in, and the end is half told. */
  tell(actor: ActorImpl, listeners: () => void): void {
    const before = this.told;
    this.told = actor;
    this.#marked(false, listeners);
    this.told = before;
  }

  #inProgram<T>(work: () => T): T {
    return this.#marked(true, work);
  }

  #marked<T>(isProgram: boolean, work: () => T): T {
    const before = this.isProgram;
    this.isProgram = isProgram;
    try {
      return work();
    } finally {
      this.isProgram = before;
    }
  }

  #wrapAll(prototype: object): void {
    for (const key of Reflect.ownKeys(prototype)) {
      if (typeof key === "string" && CALLS_PROGRAM.includes(key)) continue;
      const property = Object.getOwnPropertyDescriptor(prototype, key)!;
      if (typeof property.value === "function") property.value = this.#wrap(property.value);
      else if (property.get !== undefined) property.get = this.#wrap(property.get) as () => unknown;
      else continue;
      Object.defineProperty(prototype, key, property);
    }
  }

  #wrap(method: (...args: unknown[]) => unknown): (...args: unknown[]) => unknown {
    // deno-lint-ignore no-this-alias
    const isolation = this;
    return function (this: unknown, ...args: unknown[]) {
      if (!isolation.isProgram) return method.apply(this, args);
      isolation.isProgram = false;
      try {
        return method.apply(this, args);
      } finally {
        isolation.isProgram = true;
      }
    };
  }
}
