/**
 * Ways in which main, or an actor, can go wrong; panics_test.ts runs them and looks for the lines with comments.
 *
 * @module
 */
import type { Actor } from "smarm";

// deno-lint-ignore no-explicit-any
type AnyError = any;

/** An error of which one property cannot be read. */
function badError(message: string, key: string): Error {
  return Object.defineProperty(new Error(message), key, {
    get() {
      throw new Error("not to be read");
    },
  });
}

export function throws(): never {
  throw new RangeError("bang"); // throws
}

/** Tells what it is told, and ends. */
export async function listens(self: Actor): Promise<void> {
  try {
    await self.receive();
  } catch (error) {
    console.log("told", (error as AnyError).reason);
  }
}

const KINDS: Record<string, (self: Actor) => unknown> = {
  throws,
  async rejects(self) {
    await self.sleep(1);
    throw new RangeError("bang"); // rejects
  },
  async lateReceive(self) {
    await self.receive({ timeout: 1 }); // lateReceive
  },
  async lateCall(self) {
    const busy = self.spawn((other: Actor) => other.sleep(100));
    await self.call(busy.pid as never, 1, { timeout: 1 }); // lateCall
  },
  async lateJoin(self) {
    await self.spawn((other: Actor) => other.sleep(100)).join({ timeout: 1 }); // lateJoin
  },
  async callOfTheDead(self) {
    await self.call(self.spawn((other: Actor) => other.receive().then(() => {})).pid as never, 1); // callOfTheDead
  },
  async refusedBySupervisor(self) {
    await self.supervise({ children: [] }).terminateChild("x"); // refusedBySupervisor
  },
  async lines(self) {
    using folder = await self.io.open(new URL(".", import.meta.url));
    for await (const line of folder.lines()) void line; // lines
  },
  async unnamed(self) {
    await self.blocking(() => 1); // unnamed
  },
  async deep(self) {
    const bottom = async () => {
      await self.sleep(1);
      throw new Error("deep");
    };
    const outer = async (levels: number): Promise<void> =>
      await (levels === 0 ? bottom() : outer(levels - 1));
    await outer(4); // deep
  },
  async forgottenRead(self) {
    self.io.readTextFile(new URL("./nothing.txt", import.meta.url));
    await self.receive({ timeout: 5000 });
  },
  async forgottenCall(self) {
    self.call(self.spawn(listens).pid as never, 1, { timeout: 1 });
    await self.receive({ timeout: 5000 });
  },
  async lateSelect(self) {
    await self.select({ mail: self }, { timeout: 1 }); // lateSelect
  },
  async timer(self) {
    setTimeout(() => {
      throw new Error("left behind"); // timer
    }, 1);
    await self.receive();
  },
  async interval(self) {
    setInterval(() => {
      throw new Error("left behind"); // interval
    }, 1);
    await self.receive();
  },
  async microtask(self) {
    queueMicrotask(() => {
      throw new Error("left behind"); // microtask
    });
    await self.receive();
  },
  async immediate(self) {
    // deno-lint-ignore no-node-globals
    setImmediate(() => {
      throw new Error("left behind"); // immediate
    });
    await self.receive();
  },
  async abortTimeout(self) {
    AbortSignal.timeout(1).onabort = () => {
      throw new Error("left behind"); // abortTimeout
    };
    await self.receive();
  },
  async abortLater(self) {
    AbortSignal.any([self.signal, AbortSignal.timeout(1)]).addEventListener("abort", async () => {
      await self.sleep(1);
      throw new Error("left behind"); // abortLater
    });
    await self.receive();
  },
  async dangling(self) {
    Promise.reject(new Error("left behind")); // dangling
    await self.receive();
  },
  async danglingLater(self) {
    (async () => {
      await self.sleep(1);
      throw new Error("left behind"); // danglingLater
    })();
    await self.receive();
  },
  caused() {
    throw new Error("outer", { cause: new TypeError("inner", { cause: "root" }) });
  },
  aggregate() {
    throw new AggregateError([new Error("one"), new TypeError("two")], "both");
  },
  circular() {
    const error: AnyError = new Error("round");
    error.cause = error;
    throw error;
  },
  string() {
    throw "words";
  },
  nothing() {
    throw null;
  },
  object() {
    throw { code: 5 };
  },
  symbol() {
    throw Symbol("s");
  },
  revokedProxy() {
    const { proxy, revoke } = Proxy.revocable({}, {});
    revoke();
    throw proxy;
  },
  badName() {
    throw badError("its name throws", "name");
  },
  badMessage() {
    throw badError("", "message");
  },
  badCause() {
    throw badError("its cause throws", "cause");
  },
  badStack() {
    throw badError("its stack throws", "stack");
  },
  badInspection() {
    throw {
      [Symbol.for("Deno.customInspect")]() {
        throw new Error("not to be inspected");
      },
    };
  },
  overflow() {
    const deeper = (): number => deeper() + 1;
    return deeper();
  },
  async unobserved(self) {
    self.spawn(throws);
    await self.sleep(5);
    console.log("the others go on");
  },
  async panicsAmongOthers(self) {
    self.spawn(listens);
    self.spawnWith({ scheduler: 1 }, listens);
    await self.sleep(20);
    throw new Error("main is through");
  },
  async halts(self) {
    self.halt(4);
    await self.receive();
    console.log("not reached");
  },
  async childHalts(self) {
    self.spawnWith({ scheduler: 1 }, childHalts);
    await self.receive();
    console.log("not reached");
  },
  exits() {
    Deno.exit(7);
  },
  exitsPlainly() {
    Deno.exit();
  },
  exitsModulo() {
    Deno.exit(256 + 3);
  },
  processExits() {
    // deno-lint-ignore no-process-global
    process.exit(8);
  },
  processExitsAsSaidBefore() {
    // deno-lint-ignore no-process-global
    process.on("exit", (code) => Deno.stdout.writeSync(new TextEncoder().encode(`told ${code}\n`)));
    // deno-lint-ignore no-process-global
    process.exitCode = 6;
    // deno-lint-ignore no-process-global
    process.exit();
  },
  processExitsWithText() {
    // deno-lint-ignore no-process-global
    process.exit("9");
  },
  postsMessage() {
    (globalThis as unknown as { postMessage(message: unknown): void }).postMessage(null);
  },
  processExitsBadly() {
    // deno-lint-ignore no-process-global
    process.exit("nine");
  },
  async exitsInCallback(self) {
    setTimeout(() => Deno.exit(6), 1);
    await untilToldToEnd(self);
  },
  async exitsInDanglingPromise(self) {
    (async () => {
      await null;
      Deno.exit(6);
    })();
    await untilToldToEnd(self);
  },
  async setsExitCode(self) {
    Deno.exitCode = 3;
    await self.spawnWith({ scheduler: 1 }, setsNothing).join();
  },
  async childSetsExitCode(self) {
    await self.spawnWith({ scheduler: 1 }, setsExitCode).join();
  },
  setsExitCodeAndPanics() {
    Deno.exitCode = 3;
    throw new Error("a panic is told by 1");
  },
  async throwsWhileItEnds(self) {
    for (const thrown of ["another", "because", "same"]) {
      const child = self.spawn(throwsWhileItEnds, thrown);
      await self.sleep(1); // until it waits
      self.exit(child, "shutdown");
      const outcome = await child.join();
      console.log(outcome.kind === "panic" ? outcome.error.message : "ended well");
    }
  },
  haltsBadly(self) {
    self.halt(400);
  },
  closes() {
    self.close(); // closes
  },
};

async function untilToldToEnd(self: Actor): Promise<void> {
  try {
    await self.receive();
  } finally {
    await new Promise((resolve) => setTimeout(resolve, 1));
    console.log("cleaned up");
  }
}

export function setsExitCode(): void {
  // deno-lint-ignore no-process-global
  process.exitCode = 9;
}

export function setsNothing(): void {}

export async function throwsWhileItEnds(self: Actor, thrown: string): Promise<void> {
  try {
    await self.receive();
  } catch (error) {
    if (thrown === "another") throw new Error(thrown);
    throw thrown === "because" ? new Error(thrown, { cause: error }) : error;
  }
}

export async function childHalts(self: Actor): Promise<void> {
  self.halt(5);
  await self.receive();
}

export function main(self: Actor, kind: string): unknown {
  return KINDS[kind](self);
}
