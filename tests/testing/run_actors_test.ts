import { assert, assertEquals, assertRejects, assertStringIncludes, assertThrows } from "@std/assert";
import { elapsedMs, runActors } from "smarm/testing";
import { DeadlockError, HaltedError } from "smarm";
import { ENDLESS_JUMPS } from "../../testing/test_run.ts";
import type { Actor, Call } from "smarm";
export { double } from "./program.ts";
import { double } from "./program.ts";

const HOUR_MS = 3_600_000;

Deno.test("runActors gives what main returns, and hands it its arguments", async () => {
  const add = (_self: Actor, a: number, b: number) => a + b;
  assertEquals(await runActors(add, { args: [1, 2] }), 3);
  assertEquals(await runActors(async (self: Actor) => (await self.spawn(add, 3, 4).join()).kind), "exit");
});

Deno.test("under the virtual clock hours pass at once, on every kind of timer, in the order of real time", async () => {
  const began = performance.now();
  const order = await runActors(async (self: Actor<string>) => {
    const order: string[] = [];
    const note = (name: string) => () => void order.push(`${name} ${Math.floor(elapsedMs(self) / HOUR_MS)}`);
    self.after(3 * HOUR_MS, self.pid, "after");
    const ticks = self.every(HOUR_MS, self.pid, "tick");
    const waits = [
      self.sleep(4 * HOUR_MS).then(note("slept")),
      self.receive((m) => m === "never", { timeout: 2 * HOUR_MS }).catch(note("receive")),
      self.call(self.spawn(silent), 1 as never, { timeout: HOUR_MS }).catch(note("call")),
      self.spawn(sleeps, 5 * HOUR_MS).join().then(note("joined")),
      self.channel<number>().receiver.receive({ timeout: 2.5 * HOUR_MS }).catch(note("channel")),
      self.select({ none: (m) => m === "none" }, { timeout: 3.5 * HOUR_MS }).catch(note("select")),
    ];
    await Promise.all(waits);
    self.cancel(ticks);
    let messages = "";
    for (let m = self.tryReceive(); m !== undefined; m = self.tryReceive()) messages += m + " ";
    return [...order, messages];
  });
  assertEquals(order, [
    "call 1",
    "receive 2",
    "channel 2",
    "select 3",
    "slept 4",
    "joined 5",
    "tick tick after tick tick tick ",
  ]);
  assert(performance.now() - began < HOUR_MS); // nobody waited
});

async function silent(self: Actor<unknown>): Promise<void> {
  for await (const _ of self);
}

async function sleeps(self: Actor, ms: number): Promise<void> {
  await self.sleep(ms);
}

Deno.test("time stands still while actors run, however long that takes", async () => {
  await runActors(async (self: Actor) => {
    for (let i = 0; i < 1000; i++) await self.yield();
    assertEquals(elapsedMs(self), 0);
    await self.sleep(10);
    assertEquals(elapsedMs(self), 10);
  });
});

Deno.test("a promise of the real world holds the virtual clock, which then goes on as in the real world", async () => {
  await runActors(async (self: Actor<string>) => {
    self.after(HOUR_MS, self.pid, "an hour");
    await new Promise((resolve) => setTimeout(resolve, 5));
    await self.until(new Promise((resolve) => setTimeout(resolve, 5)));
    assert(elapsedMs(self) < HOUR_MS);
    assertEquals(self.tryReceive(), undefined);
    assertEquals(await self.receive(), "an hour");
  });
});

Deno.test("whoever has waited for the real world finds that it has taken its time, whatever else is waited for", async () => {
  await runActors(async (self: Actor) => {
    const real = async (wait: (promise: Promise<void>) => PromiseLike<void>) => {
      const before = elapsedMs(self);
      await wait(new Promise((resolve) => setTimeout(resolve, 20)));
      return elapsedMs(self) - before;
    };
    assertEquals(
      [await real((promise) => promise) >= 15, await real((promise) => self.until(promise)) >= 15],
      [true, true],
    );
    self.spawn((other: Actor) => other.sleep(5)); // over before
    assertEquals(await real((promise) => promise) >= 15, true);
  });
});

Deno.test("an until that never ends is given up by its timeout", async () => {
  await runActors(async (self: Actor) => {
    const error = await assertRejects(() => self.until(new Promise(() => {}), { timeout: 5 }));
    assertEquals((error as Error).name, "TimeoutError");
  });
});

Deno.test("an actor that loops over check does not keep others and timers from running", async () => {
  await runActors(async (self: Actor) => {
    let over = false;
    self.spawn(async (other: Actor) => {
      await other.sleep(1);
      over = true;
    });
    while (!over) await self.check();
  });
});

Deno.test("main's error is the test's error, with its own class", async () => {
  const error = await assertRejects(() =>
    runActors(async (self: Actor) => {
      await self.yield();
      throw new RangeError("planted");
    }), RangeError);
  assertEquals(error.message, "planted");
});

Deno.test("a panic that nobody observed fails the test, and names the actor", async () => {
  const error = await assertRejects(() =>
    runActors(async (self: Actor) => {
      self.spawn(broken);
      await self.sleep(5);
    })
  );
  assertStringIncludes((error as Error).message, "in actor <0.1.1> broken: planted");
  await runActors(async (self: Actor) => assertEquals((await self.spawn(broken).join()).kind, "panic"));
});

function broken(): void {
  throw new Error("planted");
}

Deno.test("what an actor leaves behind ends that actor, not the test", async () => {
  await runActors(async (self: Actor) => {
    const child = self.spawn(async (other: Actor) => {
      Promise.reject(new Error("dangling"));
      await other.sleep(HOUR_MS);
    });
    const outcome = await child.join();
    assert(outcome.kind === "panic");
    assertEquals(outcome.error.message, "dangling");
  });
});

Deno.test("a deadlock rejects with who waits for what", async () => {
  const error = await assertRejects(
    () => runActors(async (self: Actor) => await self.channel<number>().receiver.receive()),
    DeadlockError,
  );
  assertStringIncludes(error.message, "waiting in channel receive");
});

Deno.test("a timer of the real world may still wake an actor for which nothing else is left", async () => {
  await runActors(async (self: Actor<string>) => {
    setTimeout(() => self.send(self.pid, "late"), 5);
    assertEquals(await self.receive(), "late");
  });
});

Deno.test("actors that only wait for messages when main has ended are told to end", async () => {
  let reason: unknown;
  await runActors((self: Actor) => {
    self.spawn(async (other: Actor) => {
      try {
        await other.receive();
      } catch (error) {
        reason = (error as { reason: unknown }).reason;
      }
    });
    self.spawn(async (other: Actor) => {
      const { receiver } = other.channel<number>();
      await other.select({ receiver, mail: other });
    });
  });
  assertEquals(reason, "shutdown");
});

Deno.test("halt rejects with its code", async () => {
  const error = await assertRejects(() => runActors((self: Actor) => self.halt(7)), HaltedError);
  assertEquals(error.code, 7);
});

Deno.test("messages are checked and frozen unless strict is off", async () => {
  await runActors((self: Actor<unknown>) => {
    const message = { user: { save: 1 as unknown } };
    self.send(self.pid, message);
    assert(Object.isFrozen(message.user));
    try {
      self.send(self.pid, { user: { save: () => {} } });
      throw new Error("it was sent");
    } catch (error) {
      assertStringIncludes((error as Error).message, "message.user.save");
    }
  });
  await runActors((self: Actor<unknown>) => {
    const message = { save: () => {} };
    self.send(self.pid, message);
    assert(!Object.isFrozen(message));
  }, { strict: false });
});

Deno.test("a module's main runs by its URL, on one scheduler or several", async () => {
  const module = new URL("./program.ts", import.meta.url);
  assertEquals(await runActors(module, { args: ["3"] }), 6);
  assertEquals(await runActors(module, { schedulers: 2, args: ["4"] }), 8);
});

/** On a thread of the pool of `blocking`. */
export const half = (n: number) => n / 2;

/** Of the test below, whose program this file is. */
export async function main(self: Actor, n: string): Promise<string> {
  const own = await self.spawnWith({ scheduler: 1 }, double, Number(n)).join();
  const info = await self.io.stat(new URL(import.meta.url));
  return `${own.kind === "exit" ? own.value : own.error} ${info.isFile} ${await self.blocking(half, 8)}`;
}

Deno.test("a test file may be its own program, which uses self.io and what the file exports", async () => {
  assertEquals(await runActors(new URL(import.meta.url), { schedulers: 2, args: ["5"] }), "10 true 4");
});

Deno.test("the real clock waits as the world does", async () => {
  const began = performance.now();
  await runActors((self: Actor) => self.sleep(3), { clock: "real" });
  assert(performance.now() - began >= 3);
});

Deno.test("runs may follow one another and stand inside each other, and leave nothing behind", async () => {
  await runActors(async (self: Actor) => {
    const inner = await runActors(async (other: Actor<Call<number, number>>) => {
      const server = other.spawn(async (s: Actor<Call<number, number>>) => {
        for await (const call of s) call.reply(call.request + 1);
      });
      return await other.call(server, 1);
    });
    assertEquals(inner, 2);
    await self.sleep(HOUR_MS);
  });
});

Deno.test("options that contradict each other are refused", async () => {
  const main = (self: Actor) => void self;
  await assertRejects(() => runActors(main, { schedulers: 2 }), TypeError, "Give its URL");
  const module = new URL("./program.ts", import.meta.url);
  await assertRejects(
    () => runActors(module, { schedulers: 2, clock: "virtual" }),
    RangeError,
    "A virtual clock needs 1 scheduler",
  );
  await assertRejects(() => runActors(main, { clock: "fast" as "real" }), TypeError, 'got "fast"');
});

Deno.test("IO is refused where there is no poller", async () => {
  await assertRejects(
    () => runActors((self: Actor) => (self as unknown as Io).io.readTextFile("x")),
    TypeError,
    "schedulers: 2",
  );
});

interface Io {
  io: { readTextFile(path: string): Promise<string> };
}

const unhandled = (message: string) => void Promise.reject(new Error(message));

Deno.test("what an ended actor leaves behind fails the test, and names the actor", async () => {
  const error = await assertRejects(() =>
    runActors(async (self: Actor) => {
      const child = self.spawn(function careless() {
        setTimeout(() => unhandled("left behind"), 5);
      });
      await child.join();
      await self.until(new Promise((resolve) => setTimeout(resolve, 10)));
    })
  );
  assertEquals((error as Error).message, "in actor <0.1.1> careless: left behind");
});

Deno.test("an actor that is told to end runs its finally, whatever waits nobody awaits", async () => {
  await runActors(async (self: Actor) => {
    let cleanedUp = false;
    const child = self.spawn(async (other: Actor) => {
      other.receive();
      try {
        await other.sleep(HOUR_MS);
      } finally {
        await new Promise((resolve) => setTimeout(resolve, 5));
        cleanedUp = true;
      }
    });
    await self.sleep(1);
    self.exit(child, "why");
    const outcome = await child.join();
    assertEquals([cleanedUp, outcome.kind === "panic" && outcome.error.name], [true, "ExitError"]);
  });
});

// Longer than a deadlock takes to be told where nothing of the real world can wake anybody.
const LATE_MS = 150;

for (const clock of ["virtual", "real"] as const) {
  Deno.test(`what Deno has going on may wake an actor, however late, by the ${clock} clock`, async () => {
    await runActors(async (self: Actor<string>) => {
      setTimeout(() => self.send(self.pid, "late"), LATE_MS);
      assertEquals(await self.receive(), "late");
      const signal = AbortSignal.timeout(LATE_MS);
      await assertRejects(() => self.receive({ signal }), DOMException);
      const message = self.receive();
      await new Promise((resolve) => setTimeout(resolve, LATE_MS));
      self.send(self.pid, "from itself");
      assertEquals(await message, "from itself");
    }, { clock });
  });
}

Deno.test("an actor that waits for messages when main has ended gets what a timer of Deno's sends it", async () => {
  let got = "";
  await runActors((self: Actor) => {
    self.spawn(async (other: Actor<string>) => {
      setTimeout(() => other.send(other.pid, "late"), 5);
      got = await other.receive();
    });
  });
  assertEquals(got, "late");
});

Deno.test("a deadlock is told beside another run that waits, and beside what the test itself has going on", async () => {
  const deadlock = () =>
    assertRejects(
      () => runActors(async (self: Actor) => await self.channel<number>().receiver.receive()),
      DeadlockError,
    );
  await runActors(async (self: Actor) => {
    const hour = self.sleep(HOUR_MS);
    await self.until(deadlock()); // the outer run has a timer for its own hour
    await hour;
  }, { clock: "virtual" });
  const timer = setInterval(() => {}, HOUR_MS);
  await deadlock();
  clearInterval(timer);
});

Deno.test("what is no program or no option is refused before anything is started", async () => {
  // deno-lint-ignore no-explicit-any
  const bad = runActors as any;
  for (const main of [undefined, null, 5, "app.ts", {}]) {
    await assertRejects(
      () => bad(main),
      TypeError,
      "runActors needs a function or the URL of a module, got ",
    );
  }
  const main = () => {};
  await assertRejects(() => bad(main, null), TypeError, "as its options, got null");
  await assertRejects(() => bad(main, { args: "x" }), TypeError, 'an array as args, got "x"');
  await assertRejects(() => bad(main, { config: {} }), TypeError, "a Config as config, got {}");
  for (const schedulers of [0, 1.5, -1, NaN, 513, "2"]) {
    await assertRejects(() => bad(main, { schedulers }), RangeError, "from 1 to 512 as schedulers, got ");
  }
  // deno-lint-ignore no-explicit-any
  for (const self of [undefined, 5, {}] as any[]) {
    assertThrows(() => elapsedMs(self), TypeError, "needs the self");
  }
});

Deno.test("an hour of sleeps of a second is an hour, and what is set at one instant is due at one", async () => {
  await runActors(async (self: Actor<string>) => {
    for (let second = 0; second < 3600; second++) await self.sleep(1000);
    assertEquals(elapsedMs(self), HOUR_MS);
    self.after(10, self.pid, "first");
    self.after(5, self.pid, "before");
    self.after(10, self.pid, "second");
    await self.sleep(10);
    assertEquals([self.tryReceive(), self.tryReceive(), self.tryReceive()], ["before", "first", "second"]);
  });
});

Deno.test("a test's actor may serve, ask a supervisor in the handler, and shut the server down", async () => {
  const waits = async (self: Actor) => void await self.receive();
  const answer = await runActors(async (self: Actor) => {
    const supervisor = self.supervise({ children: [{ id: "first", start: [waits] }] });
    const server = Deno.serve(
      { port: 0, hostname: "127.0.0.1", signal: self.signal, onListen() {} },
      async () => new Response(String((await supervisor.children()).length)),
    );
    const response = await fetch(`http://127.0.0.1:${server.addr.port}/`);
    const text = await response.text();
    await server.shutdown();
    return text;
  });
  assertEquals(answer, "1");
});

Deno.test("actors that go on for ever after main's end are named on stderr, once; those that end soon are not", async () => {
  async function ticking(self: Actor<string>, ticks: number): Promise<void> {
    self.every(1000, self.pid, "tick");
    for (let i = 0; i < ticks; i++) await self.receive();
  }
  const { error } = console;
  const told: string[] = [];
  console.error = (text: string) => void told.push(text);
  try {
    await runActors((self: Actor) => void self.spawn(ticking, ENDLESS_JUMPS - 1));
    assertEquals(told, []);
    await runActors((self: Actor) => void self.spawn(ticking, ENDLESS_JUMPS + 1));
    await runActors(async (self: Actor) => void await self.spawn(ticking, ENDLESS_JUMPS + 1).join());
  } finally {
    console.error = error;
  }
  assertEquals(told.length, 1);
  assertStringIncludes(told[0], "waits for actors that go on although main has ended");
  assertStringIncludes(told[0], "ticking: waiting in receive");
});
