import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { Config, pool, server, statem } from "smarm";
import { runActors } from "smarm/testing";
import { Runtime } from "../../runtime/runtime.ts";
import { LeastLoaded } from "../../supervisor/pool.ts";
import type { Pid } from "smarm";
import type { counter, door } from "./programs/servers.ts";
import type { Actor, Down, ExitError } from "smarm";

const PROGRAM = new URL("./programs/servers.ts", import.meta.url);

// deno-lint-ignore no-explicit-any
async function scenario(threads: number, name: string): Promise<any> {
  const runtime = new Runtime(Config.exact(threads), { write: () => {}, colors: false });
  const outcome = await runtime.run(PROGRAM, { args: [name] });
  if (outcome.kind === "panic") throw outcome.error;
  return outcome.value;
}

for (const threads of [1, 2, 4]) {
  const on = ` on ${threads} schedulers`;

  Deno.test(`a server answers typed calls, refuses, answers later, drops late answers and fails what it leaves${on}`, async () => {
    assertEquals(await scenario(threads, "server"), [
      15,
      100,
      100,
      7,
      "RangeError: no",
      7,
      "TimeoutError",
      7,
      ["by hand"],
      ...(threads === 1 ? [] : ["NotSendableError: Cannot send reply: a"]),
      "DeadActorError: call: actor <pid> ended before it answered",
      "DeadActorError: call: actor <pid> ended before it answered",
      "terminated: boom",
      "boom",
    ]);
  });

  Deno.test(`a server runs terminate however it ends, but not when it is killed${on}`, async () => {
    assertEquals(await scenario(threads, "stops"), [
      "terminated: shutdown",
      "shutdown",
      "terminated: shutdown",
      "shutdown",
      "killed",
      null,
    ]);
  });

  Deno.test(`a state machine puts events off until its state has changed${on}`, async () => {
    assertEquals(await scenario(threads, "statem"), [
      false,
      true,
      "in from open",
      ["locked", "unlock", "open", "knock a", "knock b", "enterRoom", "timeout", "locked"],
      "terminated in locked: shutdown",
    ]);
  });

  Deno.test(`a state machine's timeout is over when its state is${on}`, async () => {
    assertEquals(await scenario(threads, "timeouts"), { on: false, after: "off" });
  });

  Deno.test(`whoever a server or a state machine hands a call to may answer it${on}`, async () => {
    assertEquals(await scenario(threads, "delegates"), [4, 9, "RangeError: delegated", 16]);
  });

  Deno.test(`a pool gives work to its least loaded server and replaces one that dies${on}`, async () => {
    assertEquals(await scenario(threads, "pool"), {
      counted: 20, // one worker counted all of them
      crash: "DeadActorError: call: actor <pid> ended before it answered",
      answers: 30,
      busy: Array(2).fill("DeadActorError: call: actor <pid> ended before it answered"),
    });
  });

  Deno.test(`a pool asks another worker for what the dead one has never received${on}`, async () => {
    assertEquals(
      await scenario(threads, "poolAsksOthers"),
      Array(20).fill("DeadActorError: call: actor <pid> ended before it answered"),
    );
  });
}

Deno.test("a pool takes the least loaded, in turns among equals", () => {
  const [a, b, c] = [1, 2, 3] as unknown as Pid[];
  const loads = new LeastLoaded();
  assertEquals(loads.take(), undefined);
  for (const pid of [a, b, c]) loads.add(pid);
  assertEquals([1, 2, 3, 4].map(() => loads.take()), [a, b, c, a]);
  loads.done(c);
  assertEquals(loads.take(), c);
  loads.remove(b);
  loads.done(a);
  loads.done(a);
  assertEquals([1, 2].map(() => loads.take()), [a, c]);
});

Deno.test("a pool gives a worker that hangs nothing while others have less to do, until it goes on", async () => {
  const calls = {
    hang: async ({ self }: { self: Actor }) => await self.receive((message) => message === "go on"),
    who: ({ self }: { self: Actor }) => self.pid,
  };
  const machine = statem({ init: () => null, initial: "on", states: { on: { calls } } });
  for (const worker of [server({ init: () => null, calls }), machine]) {
    await runActors(async (self: Actor) => {
      const { handle } = pool(worker, { size: 2, scheduler: "local", timeout: 100 }).start(self);
      const client = worker.client(self, handle);
      await self.sleep(1); // both run
      const both = new Set([await client.who(), await client.who()]);
      assertEquals(both.size, 2);
      await assertRejects(() => client.hang(), Error, "not answered within");
      const others = new Set<Pid>();
      for (let i = 0; i < 6; i++) others.add(await client.who());
      assertEquals(others.size, 1);
      const [hanging] = both.difference(others);
      self.send(hanging, "go on");
      await self.sleep(1);
      assertEquals(new Set([await client.who(), await client.who()]), both);
      self.exit(handle, "shutdown");
    });
  }
});

/** Compiles, and only so: what is wrong here is an error of the types. */
export async function typesOf(self: Actor, c: typeof counter, d: typeof door): Promise<void> {
  const client = c.start(self, 1);
  const n: number = await client.add(1);
  // @ts-expect-error a call's arguments are typed
  await client.add("1");
  // @ts-expect-error a call's answer is typed
  const s: string = await client.get();
  // @ts-expect-error there is no such call
  client.nothing;
  // @ts-expect-error init's arguments are typed
  c.start(self, "1");
  const nothing: void = client.set(1);
  const machine = d.start(self, "1");
  const yes: boolean = await machine.unlock("1");
  // @ts-expect-error a machine's calls are typed
  await machine.unlock(1);
  void [n, s, nothing, yes];
}

Deno.test("servers, state machines and pools that no module exports are shown as what they are", async () => {
  const silent = { answer: (one: { later(keep: () => void): string }) => one.later(() => {}) };
  const kept = server({ init: () => null, calls: silent });
  const kinds = {
    server: kept,
    statem: statem({ init: () => null, initial: "on", states: { on: { calls: silent } } }),
    pool: pool(kept, { size: 1, scheduler: "local" }),
  };
  await runActors(async (self: Actor) => {
    for (const [kind, one] of Object.entries(kinds)) {
      const { handle } = one.start(self);
      const client = one.client(self, handle, { timeout: 10 }) as { answer(): Promise<string> };
      await assertRejects(() => client.answer(), Error, `${kind} was not answered within 10 ms`);
      self.exit(handle, "shutdown");
    }
  });
});

Deno.test("a pool whose mailbox is full hears of all its workers", async () => {
  const namesItself = server({
    init: () => null,
    calls: { name: (one) => one.self.pid as number },
    casts: { nothing: () => {} },
  });
  const size = 8;
  const workers = pool(namesItself, { size, scheduler: "local" });
  await runActors(async (self: Actor) => {
    const client = workers.startWith(self, { mailbox: { capacity: 1 } });
    for (let i = 0; i < 20 * size; i++) { // its mailbox is full whenever a worker runs
      client.nothing();
      await self.yield();
    }
    await self.sleep(1000); // they try again
    const seen = new Set<number>();
    for (let i = 0; i < size; i++) seen.add(await client.name());
    assertEquals(seen.size, size);
    self.exit(client.handle, "shutdown");
  });
});

Deno.test("a state machine whose mailbox is full does not miss its timeout", async () => {
  for (const onFull of ["drop-newest", "drop-oldest", "panic"] as const) {
    const door = statem({
      init: () => null,
      initial: "open",
      states: {
        open: {
          enter: (m) => m.timeoutIn(20),
          casts: { knock: (m) => m.self.sleep(30) },
          timeout: (m) => m.go("closed"),
        },
        closed: { calls: { isClosed: () => true } },
      },
    });
    await runActors(async (self: Actor) => {
      const client = door.startWith(self, { mailbox: { capacity: 1, onFull } });
      await self.sleep(1);
      client.knock(); // being served from 1 to 31 ms
      await self.sleep(1);
      client.knock(); // fills the mailbox when the time is over
      await self.sleep(1000);
      assertEquals(await client.isClosed(), true, onFull);
      self.exit(client.handle, "shutdown");
    });
  }
});

Deno.test("a server takes nothing for a call or a cast that its spec does not name as one", async () => {
  const seen: unknown[] = [];
  const info = (_: unknown, message: unknown) => void seen.push(message);
  const calls = { get: () => 1 };
  const kinds = {
    server: server({ init: () => null, calls, casts: { none: () => {} }, info }),
    statem: statem({ init: () => null, initial: "on", states: { on: { calls, info } } }),
  };
  for (const [kind, one] of Object.entries(kinds)) {
    await runActors(async (self: Actor) => {
      const { handle } = one.start(self);
      for (const call of ["toString", "constructor", "hasOwnProperty", "__proto__"]) {
        self.send(handle, { type: "CAST", cast: call, args: [] });
        await assertRejects(() => self.call(handle, { call, args: [] }), TypeError, call);
      }
      seen.length = 0;
      self.send(handle, { type: "CAST", cast: "none" }); // no arguments: not from a client
      await assertRejects(() => self.call(handle, { call: "get" }), Error, "not answered");
      assertEquals(seen.length, 2, kind);
      assertEquals(await self.call(handle, { call: "get", args: [] }), 1);
      self.exit(handle, "shutdown");
    });
  }
});

Deno.test("fail where nobody has called ends a server with that error, in a pool too", async () => {
  const casts = {
    refuse: (one: { from: Pid | null; fail(error: Error): never }) => one.fail(new RangeError(`${one.from}`)),
  };
  const kept = server({ init: () => null, casts });
  const machine = statem({ init: () => null, initial: "on", states: { on: { casts } } });
  for (const one of [kept, machine, pool(kept, { size: 1, intensity: 0, scheduler: "local" })]) {
    await runActors(async (self: Actor) => {
      const client = one.start(self);
      client.refuse();
      const outcome = await client.handle.join();
      let error = outcome.kind === "panic" ? outcome.error : undefined;
      while (error?.cause !== undefined) error = error.cause as Error;
      assertEquals([error?.name, error?.message], ["RangeError", "null"]);
    });
  }
});

Deno.test("a pool may be one of state machines", async () => {
  const machine = statem({
    init: () => ({ n: 0 }),
    initial: "on",
    states: { on: { calls: { add: (m) => ++m.data.n } } },
  });
  await runActors(async (self: Actor) => {
    const client = pool(machine, { size: 2, scheduler: "local" }).start(self);
    assertEquals(await client.add(), 1);
    self.exit(client.handle, "shutdown");
  });
});

Deno.test("enter of a state has no event that could be put off", async () => {
  const machine = statem({
    init: () => null,
    initial: "off",
    states: { off: { calls: { on: (m) => m.go("on") } }, on: { enter: (m) => m.postpone() } },
  });
  await runActors(async (self: Actor) => {
    const client = machine.start(self);
    await client.on();
    const outcome = await client.handle.join();
    assertEquals(
      outcome.kind === "panic" && outcome.error.message,
      "postpone puts an event off: enter has none",
    );
  });
});

Deno.test("a server stops for whatever reason it is given", async () => {
  const kept = server({ init: () => null, casts: { stop: (one, reason: unknown) => one.stop(reason) } });
  await runActors(async (self: Actor) => {
    const reason = Object.create(null);
    const client = kept.start(self);
    client.stop(reason);
    const outcome = await client.handle.join();
    assertEquals(outcome.kind === "panic" && (outcome.error as Error & { reason: unknown }).reason, reason);
  });
});

Deno.test("a server that traps exits ends when its supervisor tells it to, and can still wait in terminate", async () => {
  const seen: unknown[] = [];
  const common = {
    init: (self: Actor) => void self.trapExit(true),
    terminate: async (one: { self: Actor }, reason: unknown) => {
      await one.self.sleep(1);
      seen.push(reason);
    },
  };
  const info = (_: unknown, message: unknown) => void seen.push((message as { type: string }).type);
  for (
    const one of [server({ ...common, info }), statem({ ...common, initial: "on", states: { on: { info } } })]
  ) {
    seen.length = 0;
    await runActors(async (self: Actor) => {
      const supervisor = self.supervise({ children: [{ id: "a", start: [one] }] });
      const [{ pid }] = await supervisor.children();
      self.exit(pid!, "from somebody else");
      const ref = self.monitor(pid!);
      await supervisor.terminateChild("a");
      const { outcome } = await self.receive((message) => (message as Down).ref === ref) as Down;
      assertEquals(outcome.kind === "panic" && (outcome.error as ExitError).reason, "shutdown");
      self.exit(supervisor, "shutdown");
    });
    assertEquals(seen, ["EXIT", "shutdown"]);
  }
});

Deno.test("a state machine that goes from state to state for ever gives way, and can be ended", async () => {
  const restless = statem({
    init: () => null,
    initial: "a",
    states: { a: { enter: (m) => m.go("b") }, b: { enter: (m) => m.go("a") } },
  });
  await runActors(async (self: Actor) => {
    const { handle } = restless.start(self);
    await self.sleep(1);
    self.exit(handle, "shutdown");
    assertEquals((await handle.join()).kind, "panic");
  });
});

Deno.test("what is wrong with a spec is told where it is written", () => {
  // deno-lint-ignore no-explicit-any
  const wrong = (f: (spec: any) => unknown, spec: unknown, text: string) => {
    assertThrows(() => f(spec), TypeError, text);
  };
  const init = () => null;
  for (const [what, f] of [["server", server], ["statem", statem]] as const) {
    wrong(f, null, `${what} needs an object, got null`);
    wrong(f, {}, `${what} needs a function as its init, got undefined`);
    wrong(f, { init, terminate: 5 }, `${what} needs a function as its terminate, got 5`);
  }
  wrong(server, { init, calls: 5 }, "server needs functions by name as its calls, got 5");
  wrong(server, { init, casts: { a: 5 } }, "server: casts needs a function as its a, got 5");
  wrong(statem, { init, states: { a: null } }, 'statem: state "a" needs an object, got null');
  wrong(
    statem,
    { init, states: { a: { enter: 5 } } },
    'statem: state "a" needs a function as its enter, got 5',
  );
  wrong(
    statem,
    { init, states: { a: { calls: { b: 5 } } } },
    'statem: state "a": calls needs a function as its b',
  );
  wrong(server, { init, cast: {} }, 'server has no option "cast". Did you mean casts?');
  wrong(statem, { init, initial: "a", state: {} }, 'statem has no option "state". Did you mean states?');
  wrong(
    statem,
    { init, initial: "a", states: { a: { entr: () => {} } } },
    'statem: state "a" has no option "entr". Did you mean enter?',
  );
  assertThrows(() => statem({ init, initial: "a" } as never), RangeError, 'statem begins in state "a"');
});

Deno.test("a state machine takes no message of others for its timeout", async () => {
  const machine = statem({
    init: () => [] as string[],
    initial: "on",
    states: {
      on: {
        enter: (m) => m.timeoutIn(10),
        timeout: (m) => m.data.push("timeout"),
        info: (m) => m.data.push("info"),
        calls: { seen: (m) => [...m.data], bad: (m) => m.timeoutIn(-1) },
      },
    },
  });
  await runActors(async (self: Actor) => {
    const client = machine.start(self);
    for (let token = 0; token < 3; token++) self.send(client.handle, { type: "STATE_TIMEOUT", token });
    assertEquals(await client.seen(), ["info", "info", "info"]);
    await self.sleep(20);
    assertEquals(await client.seen(), ["info", "info", "info", "timeout"]);
    await assertRejects(() => client.bad(), Error, "ended before it answered");
    const outcome = await client.handle.join();
    assertEquals(
      outcome.kind === "panic" && outcome.error.message.startsWith("timeoutIn needs milliseconds"),
      true,
    );
  });
});

Deno.test("what is wrong with a pool is told where it is written", () => {
  const worker = server({ init: () => ({}) });
  // deno-lint-ignore no-explicit-any
  const bad = pool as any;
  const refused: [unknown, unknown, string][] = [
    [() => {}, { size: 1 }, "pool needs a server, got [Function"],
    [worker, undefined, "pool needs { size }, got undefined"],
    [worker, { size: "2" }, 'pool needs a size of at least 1, got "2"'],
    [worker, { size: 1, timeout: -1 }, "pool: timeout needs milliseconds from 0 to 9007199254740991, got -1"],
    [worker, { size: 1, scheduler: "there" }, 'got "there"'],
    [worker, { size: 1, restart: "always" }, 'got "always"'],
    [worker, { size: 1, intensity: -1 }, "intensity needs a whole number of at least 0, got -1"],
    [worker, { size: 1, period: 0 }, "period needs more than 0 milliseconds, got 0"],
  ];
  for (const [given, options, message] of refused) assertThrows(() => bad(given, options), Error, message);
});

Deno.test("an event that is postponed twice comes back once", async () => {
  const machine = statem({
    init: () => ({ events: 0 }),
    initial: "closed",
    states: {
      closed: {
        casts: {
          event: (m) => {
            m.postpone();
            m.postpone();
          },
          open: (m) => m.go("open"),
        },
      },
      open: { casts: { event: (m) => void m.data.events++ }, calls: { count: (m) => m.data.events } },
    },
  });
  await runActors(async (self: Actor) => {
    const client = machine.start(self);
    client.event();
    client.open();
    assertEquals(await client.count(), 1);
  });
});

Deno.test("a timeout that an event asks for when it comes back is over when the next one changes the state", async () => {
  const timeouts: string[] = [];
  const timeout = (m: { state: string }) => void timeouts.push(m.state);
  const machine = statem({
    init: () => null,
    initial: "first",
    states: {
      first: {
        casts: { arm: (m) => m.postpone(), leave: (m) => m.postpone(), next: (m) => m.go("second") },
        timeout,
      },
      second: { casts: { arm: (m) => m.timeoutIn(10), leave: (m) => m.go("third") }, timeout },
      third: { timeout },
    },
  });
  await runActors(async (self: Actor) => {
    const client = machine.start(self);
    client.arm();
    client.leave();
    client.next();
    await self.sleep(100);
    assertEquals(timeouts, []);
    self.exit(client.handle, "shutdown");
  });
});

for (const kind of ["server", "statem"] as const) {
  Deno.test(`a supervised ${kind} has started when its init is over, however often that waits`, async () => {
    const told: string[] = [];
    const child = (name: string, init: (self: Actor<unknown>) => Promise<void>) => {
      const tells = async (self: Actor<unknown>) => {
        told.push(`${name} begins`);
        await init(self);
        told.push(`${name} is there`);
        return null;
      };
      return kind === "server"
        ? server({ init: tells, calls: { ask: () => name } })
        : statem({ init: tells, initial: "only", states: { only: { calls: { ask: () => name } } } });
    };
    const first = child("first", async (self) => {
      await self.sleep(5);
      await Promise.resolve();
      await self.receive({ timeout: 5 }).catch(() => {});
    });
    const second = child("second", (self) => self.yield());
    const failing = child("third", async (self) => {
      await self.sleep(5);
      throw new Error("no init");
    });
    await runActors(async (self: Actor) => {
      self.trapExit(true);
      const children = [{ id: "first", start: [first] }, { id: "second", start: [second] }] as const;
      const sup = self.supervise({ children });
      assertEquals((await sup.children()).length, 2);
      const error = await assertRejects(() => sup.startChild({ id: "third", start: [failing] }), Error);
      assertEquals([error.message.includes("could not start"), (error.cause as Error).message], [
        true,
        "no init",
      ]);
      self.exit(sup, "shutdown");
      await sup.join();
    });
    assertEquals(told, [
      "first begins",
      "first is there",
      "second begins",
      "second is there",
      "third begins",
    ]);
  });
}
