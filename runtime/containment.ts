/**
 * Ending one actor that does not give way, with its siblings alive (`--contain`).
 *
 * A turn of the event loop is run inside `vm.Script.runInThisContext({ timeout })`, which cuts JavaScript off wherever it
 * is: in a loop, in a regular expression, in `Atomics.wait`; no `catch` and no `finally` runs. V8 then throws away all
 * microtasks that are queued, so each actor's are drained before the next one is resumed (`Scheduler.isolate`), and what is
 * thrown away belongs to the actor that was cut off. Costs, measured on Deno 2.9.6: 14 µs a turn, 0.11 µs a resume.
 *
 * Where it was no actor's turn, or the runtime's own code was cut off in the middle (isolation.ts), nobody can say what
 * else was: the whole scheduler is then ended (thread.ts) and replaced.
 *
 * @module
 */
import type { Script } from "node:vm";
import type { Scheduler } from "./scheduler.ts";
import type { Outcome } from "./api.ts";
import type { FromWorker } from "./protocol.ts";
import { leave } from "./async_context.ts";
import { ExitError } from "./errors.ts";
import { finalize } from "./lifecycle.ts";
import { Isolation } from "./isolation.ts";
import { nodeBuiltin } from "./node_builtin.ts";
import { formatPid } from "./pid.ts";

/** What an actor that was ended alone ends with. */
export const STUCK_REASON = "stuck";

// deno-lint-ignore no-explicit-any
const drain: (() => void) | undefined = (Deno as any)[(Deno as any).internal]?.core?.runMicrotasks;
const TURN = Symbol.for("smarm.turn");

export class Containment {
  readonly #s: Scheduler;
  readonly #limitMs: number;
  readonly #post: (message: FromWorker) => void;
  readonly #script: Script;
  readonly #isolation: Isolation;
  #turn: (() => boolean) | null = null;

  /** Null where Deno has not what it takes: then only whole schedulers can be ended. */
  static start(s: Scheduler, limitMs: number, post: (message: FromWorker) => void): Containment | null {
    if (drain === undefined) return null;
    return new Containment(s, limitMs, post, new Isolation(drain));
  }

  constructor(s: Scheduler, limitMs: number, post: (message: FromWorker) => void, isolation: Isolation) {
    this.#s = s;
    s.isolate = this.#isolation = isolation;
    this.#limitMs = limitMs;
    this.#post = post;
    this.#script = new (nodeBuiltin("node:vm").Script)(`globalThis[Symbol.for("smarm.turn")]()`, {
      filename: import.meta.url,
    });
    // deno-lint-ignore no-explicit-any
    (globalThis as any)[TURN] = () => this.#turn!();
  }

  /** One turn of the event loop; true: it is to come back soon. */
  run(turn: () => boolean): boolean {
    this.#turn = turn;
    try {
      return this.#script.runInThisContext({ timeout: this.#limitMs }) as boolean;
    } catch (error) {
      if ((error as { code?: string }).code !== "ERR_SCRIPT_EXECUTION_TIMEOUT") throw error;
      this.#cutOff();
      return true;
    }
  }

  #cutOff(): void {
    const s = this.#s;
    leave(); // of whoever was cut off in its first turn
    const isAlone = this.#isolation.wasCutOff();
    const actor = s.cutOff();
    if (!isAlone || actor === null) {
      const { told } = this.#isolation;
      const whose = told !== null
        ? `a listener of the signal of actor ${formatPid(told.pid)} ${told.target.name}`
        : actor === null
        ? "code that is no actor's turn"
        : `actor ${formatPid(actor.pid)} ${actor.target.name}, within a call of the runtime's,`;
      this.#post({ type: "unsound", why: `${whose} did not give way for ${this.#limitMs} ms` });
      s.arm = () => {}; // nothing runs here any more
      return;
    }
    const error = new ExitError(
      STUCK_REASON,
      `actor ${formatPid(actor.pid)} ${actor.target.name} was ended: it held scheduler ${s.id} for ` +
        `${this.#limitMs} ms without giving way`,
    );
    const outcome: Outcome = { kind: "panic", error };
    finalize(s, actor, outcome);
    this.#post({ type: "contained", pid: actor.pid, name: actor.target.name, heldMs: this.#limitMs });
  }
}
