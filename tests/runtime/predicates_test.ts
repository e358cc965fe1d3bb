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
