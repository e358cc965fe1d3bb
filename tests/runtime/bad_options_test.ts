import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import type { Actor } from "smarm";
import { runActors } from "smarm/testing";

// deno-lint-ignore no-explicit-any
const BAD: any[] = [null, NaN, 1000, "1000", true, () => {}];

Deno.test("options of a wait that are no object are refused, and nothing waits", async () => {
  await runActors(async (self: Actor) => {
    let bad = BAD[0];
    const { receiver } = self.channel<number>();
    const { sender } = self.channel<number>(1);
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
    }
  });
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

Deno.test("a promise that an until refused ends nobody when it rejects", async () => {
  const value = await runActors(async (self: Actor) => {
    const waiter = self.spawn(async (self: Actor) => {
      const { promise, reject } = Promise.withResolvers<void>();
      const why = await self.until(promise, { signal: AbortSignal.abort() }).catch((error) => error.name);
      reject(new Error("too late"));
      await new Promise((resolve) => setTimeout(resolve)); // rejections that nobody awaits are told by then
      return why;
    });
    return await waiter.join();
  });
  assertEquals(value, { kind: "exit", value: "AbortError" });
});
