/** Predicates of receives and selects are the actor's own code: whatever they do harms nobody but the actor. */
import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { runActors } from "smarm/testing";
import type { Actor } from "smarm";

type Self = Actor<number>;
type Predicate = (message: number) => boolean;
type Receive = (self: Self, match: Predicate, signal: AbortSignal) => Promise<number>;

const ways: Record<string, Receive> = {
  "a receive of what is queued": async (self, match, signal) => {
    self.send(self.pid, 1);
    return signal.aborted ? 0 : await self.receive(match);
  },
  "a pending receive": (self, match, signal) => {
    self.after(1, self.pid, 1);
    return self.receive(match, { signal });
  },
  "a pending select": async (self, match, signal) => {
    self.after(1, self.pid, 1);
    return (await self.select({ match }, { signal })).value;
  },
};

for (const [name, receive] of Object.entries(ways)) {
  const inPredicate = (act: (self: Self, controller: AbortController) => unknown) => async (self: Self) => {
    const controller = new AbortController();
    return await receive(self, (): boolean => {
      act(self, controller);
      return true;
    }, controller.signal);
  };

  Deno.test(`the predicate of ${name} that takes messages itself is told so`, async () => {
    const main = inPredicate((self) => self.tryReceive());
    await assertRejects(() => runActors(main), TypeError, "has taken messages itself");
  });

  Deno.test(`the predicate of ${name} may end its actor`, async () => {
    const outcome = await runActors((self: Actor) =>
      self.spawn(inPredicate((child) => assertThrows(() => child.kill(child.pid)))).join()
    );
    assertEquals(outcome.kind === "panic" && outcome.error.name, "ExitError");
  });

  if (name === "a receive of what is queued") continue; // it is over before anybody could give it up
  Deno.test(`the predicate of ${name} that gives it up takes no message`, async () => {
    await runActors(async (self: Self) => {
      const main = inPredicate((_self, controller) => controller.abort(new Error("given up")));
      await assertRejects(() => main(self), Error, "given up");
      assertEquals(self.tryReceive(), 1);
    });
  });
}

Deno.test("a predicate that waits, and refuses its message, does not keep another actor from being woken", async () => {
  const ROUNDS = 300; // in a few of them one actor hands the baton to the other from within the predicate
  await runActors(async (self: Actor) => {
    const chooser = self.spawn((own: Actor<string>) =>
      own.receive((message) => {
        own.sleep(1);
        return message === "end";
      })
    );
    const other = self.spawn(async (own: Actor<number>) => {
      for (let n = 0; n < ROUNDS; n++) {
        const first = own.receive(), second = own.receive();
        assertEquals(await first, 2 * n);
        assertEquals(await second, 2 * n + 1); // waits for what it has asked for before
      }
    });
    for (let n = 0; n < ROUNDS; n++) {
      await self.sleep(0);
      self.send(chooser, "no");
      self.send(other, 2 * n);
      await self.sleep(0);
      self.send(other, 2 * n + 1);
    }
    self.send(chooser, "end");
    assertEquals(await other.join(), { kind: "exit", value: undefined });
    assertEquals(await chooser.join(), { kind: "exit", value: "end" });
  }, { clock: "real" });
});

Deno.test("a predicate that gives way takes its message all the same", async () => {
  const main = async (self: Actor<number>) => {
    await self.sleep(1); // from here on the actor itself hands the baton on, when it waits
    self.send(self.pid, 1);
    const match = () => {
      self.yield();
      return true;
    };
    return await self.receive(match, { timeout: 60_000 });
  };
  assertEquals(await runActors(main), 1);
});
