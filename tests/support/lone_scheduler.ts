/**
 * A scheduler in the test's own thread: no worker, a clock that the test sets, and turns that the test asks for.
 *
 * @module
 */
import type { ActorFunction, Outcome } from "../../runtime/api.ts";
import type { ActorImpl } from "../../runtime/actor.ts";
import { Config } from "../../runtime/config.ts";
import { Doorbell } from "../../runtime/doorbell.ts";
import { EventLoop, type Turn } from "../../runtime/event_loop.ts";
import { allocate, type SharedMemory } from "../../runtime/layout.ts";
import { Remote } from "../../runtime/remote.ts";
import { Scheduler } from "../../runtime/scheduler.ts";
import { spawnMain } from "../../runtime/spawn.ts";
import { IoClient } from "../../io/client.ts";
import { setImmediate } from "node:timers";

const MEMORY = { slotCapacity: 4096, names: 64, ringBytes: 4096 };

export class LoneScheduler {
  readonly memory: SharedMemory = allocate(1, MEMORY);
  readonly s: Scheduler;
  nowMs = 0;
  /** How often a turn of the event loop was asked for. */
  armed = 0;
  readonly reports: Outcome[] = [];
  mainOutcome: Outcome | null = null;
  readonly #loop: EventLoop;

  constructor(config: Config = Config.exact(1)) {
    this.s = new Scheduler(0, this.memory, config, { now: () => this.nowMs }, {
      arm: () => this.armed++,
      halt: () => {},
      log: () => ({ error() {}, warn() {}, info() {}, debug() {} }),
      mainEnded: (_actor, outcome) => this.mainOutcome = outcome,
      report: (_pid, _name, outcome) => void this.reports.push(outcome),
      name: () => {},
    });
    this.s.remote = new Remote(this.s, {
      openPort: () => {
        throw new Error("there is no other scheduler");
      },
      take: () => undefined,
      handle: () => false,
      warn: () => {},
    });
    this.s.io = new IoClient(this.s);
    const doorbell = new Doorbell(this.s.words, 0, () => {});
    this.#loop = new EventLoop(this.s, doorbell, false, () => {}, (error) => {
      throw error;
    });
  }

  main(fn: ActorFunction): ActorImpl {
    return spawnMain(this.s, fn, []);
  }

  /** One pass, from a macrotask as in a worker, and what it did. */
  tick(): Promise<Turn> {
    return new Promise((resolve, reject) =>
      setImmediate(() => {
        try {
          resolve({ ...this.#loop.tick(this.s.clock.now()) });
        } catch (error) {
          reject(error);
        }
      })
    );
  }
}
