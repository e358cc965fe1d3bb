import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import type { Actor, Handle } from "smarm";
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

Deno.test("format refuses what is no pid", async () => {
  await runActors((self: Actor) => {
    const child = self.spawn(() => {});
    // deno-lint-ignore no-explicit-any
    for (const bad of [...BAD, child, undefined, -1, 1.5] as any[]) {
      assertThrows(() => self.format(bad), TypeError, "format needs a pid, got");
    }
  });
});
