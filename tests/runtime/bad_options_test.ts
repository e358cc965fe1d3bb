import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { type Actor, type ChildSpec, Config, type Handle, init, type ManySpec, pool, server } from "smarm";
import { runActors } from "smarm/testing";

// deno-lint-ignore no-explicit-any
const BAD: any[] = [null, NaN, 1000, "1000", true, () => {}];

Deno.test("options of a wait that are no object are refused, and nothing waits", async () => {
  await runActors(async (self: Actor) => {
    let bad = BAD[0];
    const { receiver } = self.channel<number>();
    const { sender } = self.channel<number>(1);
    const { sender: free, receiver: empty } = self.channel<number>();
    sender.trySend(1);
    const child = self.spawn((self: Actor) => self.receive());
    const waits = {
      call: () => self.call(child, "?", bad),
      join: () => child.join(bad),
      receive: () => self.receive((_) => true, bad),
      sleep: () => self.sleep(1, bad),
      select: () => self.select({ self }, bad),
      until: () => self.until(new Promise(() => {}), bad),
      channel: () => receiver.receive(bad),
      sender: () => sender.send(2, bad),
      "sender with room": () => free.send(2, bad),
      signals: () => self.signals().receive(bad),
    };
    for (const one of BAD) {
      bad = one;
      for (const [name, wait] of Object.entries(waits)) {
        await assertRejects(
          async () => await wait(),
          TypeError,
          "takes { timeout, signal } as its options, got",
          name,
        );
      }
      await assertRejects(
        () => self.receive({ signal: { aborted: true } as AbortSignal }),
        TypeError,
        "signal needs",
      );
      if (bad !== null) await assertRejects(() => free.send(2, { signal: bad }), TypeError, "signal needs");
    }
    assertEquals(empty.tryReceive(), undefined);
  });
});

Deno.test("an option that there is not is refused by whatever takes options, and nothing waits", async () => {
  await runActors(async (self: Actor) => {
    // deno-lint-ignore no-explicit-any
    const slip: any = { timeoutMs: 5 };
    const full = self.channel<number>(1), { sender, receiver } = self.channel<number>();
    full.sender.trySend(1);
    const child = self.spawn((self: Actor) => self.receive());
    const done = self.spawn(() => 1);
    await done.join();
    const waits = {
      call: () => self.call(child, "?", slip),
      join: () => child.join(slip),
      "join of an ended actor": () => done.join(slip),
      receive: () => self.receive(slip),
      "receive with a predicate": () => self.receive((_) => true, slip),
      sleep: () => self.sleep(1, slip),
      select: () => self.select({ self }, slip),
      until: () => self.until(new Promise(() => {}), slip),
      channel: () => receiver.receive(slip),
      sender: () => full.sender.send(2, slip),
      "sender with room": () => sender.send(2, slip),
      signals: () => self.signals().receive(slip),
    };
    for (const [name, wait] of Object.entries(waits)) {
      const hint = 'has no option "timeoutMs". Did you mean timeout?';
      await assertRejects(async () => await wait(), TypeError, hint, name);
    }
    const signal = AbortSignal.timeout(5) as never;
    await assertRejects(
      () => self.receive(signal),
      TypeError,
      "takes { timeout, signal } as its options, got",
    );
    // deno-lint-ignore no-explicit-any
    const transfr: any = { transfr: [] };
    assertThrows(() => self.send(child, 1, transfr), TypeError, "send has no option");
    assertEquals(receiver.tryReceive(), undefined);
    const one = server({ init: () => 0 });
    assertThrows(() => pool(one, { size: 1, intensty: 1 } as never), TypeError, "Did you mean intensity?");
    self.kill(child);
  });
  await assertRejects(
    () => runActors(() => {}, { stict: false } as never),
    TypeError,
    "Did you mean strict?",
  );
  const run = init(Config.exact(1)).run("none.ts", { arg: [] } as never);
  await assertRejects(() => run, TypeError, "Did you mean args?");
});

Deno.test("a receive without a predicate heeds the options behind it", async () => {
  await runActors(async (self: Actor) => {
    let match: undefined;
    await assertRejects(
      () => self.receive(match as unknown as () => boolean, { timeout: 1 }),
      Error,
      "longer than its timeout",
    );
  });
});

Deno.test("a promise whose until is refused may reject: nobody was to see that", async () => {
  await runActors(async (self: Actor) => {
    const fails = (message: string) => Promise.reject(new Error(message));
    const signal = AbortSignal.abort(new Error("given up"));
    await assertRejects(() => self.until(fails("1"), { signal }), Error, "given up");
    await assertRejects(() => self.until(fails("2"), { timeout: -1 }), RangeError, "got -1");
    await self.sleep(1); // what is left behind is told in a turn of the event loop
    const child = self.spawn(async (child: Actor) => {
      try {
        await child.receive();
      } finally {
        child.until(fails("3")).catch(() => {});
        await Promise.resolve();
      }
    });
    await self.sleep(1);
    self.exit(child, "shutdown");
    await child.join();
  });
});

Deno.test("a join by code of no actor waits as long as it was told to, or is given up", async () => {
  const { promise, resolve } = Promise.withResolvers<Handle<number>>();
  const run = runActors(async (self: Actor) => {
    const child = self.spawn(async (child: Actor) => {
      await child.sleep(3_600_000);
      return 1;
    });
    resolve(child);
    await child.join();
  });
  const child = await promise;
  const controller = new AbortController();
  const joins = [
    child.join({ timeout: 2 ** 31 }),
    child.join({ timeout: 1000 }),
    child.join({ signal: controller.signal }),
    child.join({ timeout: -1 }),
  ];
  controller.abort(new Error("given up"));
  const ends = await Promise.allSettled(joins);
  assertEquals(ends.map((end) => end.status === "fulfilled" ? end.value.kind : end.reason.message), [
    "exit",
    "join <0.1.1> took longer than its timeout of 1000 ms",
    "given up",
    "timeout needs milliseconds from 0 to 9007199254740991, got -1",
  ]);
  await run;
});

Deno.test("options of a spawn and of a trapExit that are none are refused", async () => {
  await runActors((self: Actor) => {
    for (const bad of BAD) {
      assertThrows(() => self.spawnWith(bad, () => {}), TypeError, "spawnWith needs { name, link");
      assertThrows(
        () => self.spawnWith({ mailbox: bad }, () => {}),
        TypeError,
        "mailbox needs { capacity, onFull }",
      );
      if (bad !== true) assertThrows(() => self.trapExit(bad), TypeError, "trapExit needs true or false");
    }
    assertEquals(self.trapExit(false), false);
  });
});

Deno.test("options of a send that are none are refused, and nothing is sent", async () => {
  await runActors(async (self: Actor<Uint8Array>) => {
    const bytes = new Uint8Array(4);
    // deno-lint-ignore no-explicit-any
    for (const bad of [...BAD, [bytes.buffer]] as any[]) {
      assertThrows(
        () => self.send(self.pid, bytes, bad),
        TypeError,
        "send takes { transfer } as its options",
      );
    }
    assertEquals(self.tryReceive(), undefined);
    self.send(self.pid, bytes, {});
    assertEquals(await self.receive(), bytes);
  });
});

Deno.test("a join of an actor that has ended looks at its options too", async () => {
  const { promise, resolve } = Promise.withResolvers<Handle<number>>();
  const aborted = AbortSignal.abort(new Error("given up"));
  const looks = async (child: Handle<number>) => {
    // deno-lint-ignore no-explicit-any
    await assertRejects(() => child.join(5 as any), TypeError, "join takes { timeout, signal }");
    await assertRejects(() => child.join({ timeout: -1 }), RangeError, "timeout needs milliseconds");
    await assertRejects(() => child.join({ signal: aborted }), Error, "given up");
    assertEquals(await child.join({ timeout: 0 }), { kind: "exit", value: 1 });
  };
  const outsideOfActors = promise.then(looks);
  await runActors(async (self: Actor) => {
    const child = self.spawn(() => 1);
    await child.join();
    await looks(child);
    resolve(child);
    await self.until(outsideOfActors);
  });
});

Deno.test("a transfer list that is none is refused, and what was to be moved stays", async () => {
  await runActors(async (self: Actor<Uint8Array>) => {
    const bytes = new Uint8Array(4);
    // deno-lint-ignore no-explicit-any
    for (const transfer of [null, bytes, bytes.buffer, new Set([bytes.buffer]), "abc"] as any[]) {
      assertThrows(() => self.send(self.pid, bytes, { transfer }), TypeError, "send needs an array");
    }
    self.send(self.pid, bytes, { transfer: undefined });
    assertEquals(await self.receive(), bytes);
    assertEquals(self.tryReceive(), undefined);
  });
});

Deno.test("nothing moves with a message whose transfer list has a closed port", async () => {
  await runActors(async (self: Actor<unknown>) => {
    const closed = new MessageChannel(), open = new MessageChannel();
    closed.port1.close();
    const buffer = new ArrayBuffer(4), stream = new ReadableStream(), { port1 } = open;
    const message = { buffer, stream, port1, gone: closed.port1 };
    assertThrows(
      () => self.send(self.pid, message, { transfer: [buffer, stream, port1, closed.port1] }),
      Error,
      "List only what is still open",
    );
    assertEquals([buffer.detached, stream.locked], [false, false]);
    self.send(self.pid, { buffer, port1 }, { transfer: [buffer, port1] });
    const moved = await self.receive() as { buffer: ArrayBuffer; port1: MessagePort };
    assertEquals([buffer.detached, moved.buffer.byteLength], [true, 4]);
    const heard = Promise.withResolvers<unknown>();
    open.port2.onmessage = ({ data }) => heard.resolve(data);
    moved.port1.postMessage("moved");
    assertEquals(await self.until(heard.promise), "moved");
    moved.port1.close();
    open.port2.close();
    closed.port2.close();
  });
});

Deno.test("what is wrong with a child's spec is told before anything is started", async () => {
  await runActors((self: Actor) => {
    const child = { id: "a", start: [() => {}] as const };
    for (const bad of BAD) {
      assertThrows(
        () => self.supervise({ children: [{ ...child, mailbox: bad }] }),
        TypeError,
        "mailbox needs { capacity, onFull }",
      );
      if (bad === null) continue;
      assertThrows(() => self.supervise({ children: bad }), TypeError, "supervise needs a list of children");
      if (typeof bad === "string") continue;
      assertThrows(
        () => self.supervise({ children: [{ ...child, name: bad }] }),
        TypeError,
        'child "a": name needs',
      );
    }
  });
});

Deno.test("an option of a spawn that there is not is refused, with the one that was probably meant", async () => {
  const wrong: [object, string][] = [
    [{ moniter: true }, 'spawnWith has no option "moniter". Did you mean monitor?'],
    [{ linked: true }, 'spawnWith has no option "linked". Did you mean link?'],
    [
      { link: true, capacity: 1 },
      'spawnWith has no option "capacity". There are name, link, monitor, scheduler, mailbox',
    ],
    [{ mailbox: { capacity: 1, onfull: "panic" } }, 'mailbox has no option "onfull". Did you mean onFull?'],
  ];
  await runActors((self: Actor) => {
    const before = self.stats().live;
    for (const [options, message] of wrong) {
      assertThrows(() => self.spawnWith(options, () => {}), TypeError, message);
    }
    assertEquals(self.stats().live, before);
  });
});

Deno.test("an option of a supervisor or a child that there is not is refused, with the one that was probably meant", async () => {
  const child = { id: "a", start: [() => {}] as const };
  const wrong: [object, string][] = [
    [{ stratgy: "rest_for_one" }, 'supervise has no option "stratgy". Did you mean strategy?'],
    [
      { max_restarts: 1 },
      'supervise has no option "max_restarts". There are strategy, name, intensity, period, children',
    ],
    [
      { children: [{ ...child, restarts: "temporary" }] },
      'child "a" has no option "restarts". Did you mean restart?',
    ],
    [
      { children: [{ ...child, mailbox: { capacty: 1 } }] },
      'mailbox has no option "capacty". Did you mean capacity?',
    ],
    [
      { children: [{ id: "a", supervise: { children: [{ ...child, shutdwn: 1 }] } }] },
      'child "a" has no option "shutdwn". Did you mean shutdown?',
    ],
  ];
  await runActors(async (self: Actor) => {
    for (const [spec, message] of wrong) assertThrows(() => self.supervise(spec), TypeError, message);
    const many: object = { start: [() => {}], restrt: "temporary" };
    const said = 'superviseMany has no option "restrt". Did you mean restart?';
    assertThrows(() => self.superviseMany(many as ManySpec), TypeError, said);
    const like: object = { id: "as in OTP", strategy: "one_for_one", start: [() => {}] };
    self.exit(self.superviseMany(like as ManySpec), "shutdown");
    const supervisor = self.supervise({});
    const linked: object = { ...child, link: true };
    const refused = 'child "a" has no option "link". There are id, start, restart';
    await assertRejects(() => supervisor.startChild(linked as ChildSpec), TypeError, refused);
    assertEquals((await supervisor.count()).specs, 0);
    self.exit(supervisor, "shutdown");
  });
});

Deno.test("a class or a generator is no actor, which is said by name", async () => {
  class Counter {}
  const kinds = {
    "a class as an actor: Counter.": Counter,
    "a generator as an actor: steps.": function* steps() {},
    "a generator as an actor: later.": async function* later() {},
    "a generator as an actor: short.": { *short() {} }.short,
  };
  await runActors(async (self: Actor) => {
    for (const [said, target] of Object.entries(kinds)) {
      // deno-lint-ignore no-explicit-any
      const outcome = await self.spawn(target as any).join();
      assertEquals(
        outcome.kind === "panic" && outcome.error.message,
        `Cannot run ${said} Give a function (self, ...args)`,
      );
    }
    const { proxy, revoke } = Proxy.revocable(() => {}, {});
    const child = self.spawn(proxy);
    revoke();
    assertEquals((await child.join()).kind, "panic");
  });
});

Deno.test("format refuses what is no pid", async () => {
  await runActors((self: Actor) => {
    const child = self.spawn(() => {});
    // deno-lint-ignore no-explicit-any
    for (const bad of [...BAD, child, undefined, -1, 1.5] as any[]) {
      assertThrows(() => self.format(bad), TypeError, "format needs a pid, got");
    }
  });
});
