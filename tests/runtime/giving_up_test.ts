/**
 * Giving up a wait loses nothing: whatever races of messages, timeouts, signals and selects there are, each message and
 * each value of a channel is received once, in the order sent.
 */
import { assertEquals, assertMatch } from "@std/assert";
import fc from "fast-check";
import { runActors } from "smarm/testing";
import { testScenarios } from "./scenarios.ts";
import { runSmarm } from "../cli/harness.ts";
import type { Actor } from "smarm";
import { consume, produce, type Step, type Take } from "./scenarios/giving_up.ts";

const pause = fc.integer({ min: 0, max: 4 });
const steps = fc.array(
  fc.record({ pauseMs: pause, to: fc.constantFrom("mail" as const, "channel" as const) }),
  {
    maxLength: 40,
  },
);
const takes = fc.array(
  fc.record({
    kind: fc.constantFrom(
      "receive",
      "match",
      "channel",
      "select",
      "signal",
      "two",
      "race",
    ) satisfies fc.Arbitrary<Take["kind"]>,
    timeoutMs: pause,
    pauseMs: pause,
  }),
  { minLength: 1, maxLength: 40 },
);

Deno.test("a wait that is given up by timeout, signal or select loses no message and no value, whatever the race", async () => {
  await fc.assert(
    fc.asyncProperty(steps, takes, fc.constantFrom(1, 2, 64), async (sent, taken, capacity) => {
      await runActors(async (self: Actor<unknown>) => {
        const { sender, receiver } = self.channel<number>(capacity);
        self.spawn(produce, self.pid, sender, sent as Step[]);
        const got = await consume(self, receiver, taken as Take[]);
        const count = (to: Step["to"]) => sent.filter((step) => step.to === to).length;
        assertEquals(got.mail, Array.from({ length: count("mail") }, (_, n) => n));
        assertEquals(got.channel, Array.from({ length: count("channel") }, (_, n) => n));
      });
    }),
    { numRuns: 300 },
  );
});

testScenarios(new URL("./scenarios/giving_up.ts", import.meta.url), {
  realRaces: "waits that are given up lose nothing while messages come from other schedulers in real time",
});

Deno.test("losers of Promise.race that pile up are warned of, once", async () => {
  const program = new URL("./scenarios/lost_races.ts", import.meta.url).pathname;
  for (const threads of ["1", "2"]) {
    const { code, stderr } = await runSmarm(["--threads", threads, "--log-level", "warn", program]);
    assertEquals(code, 0, stderr);
    assertEquals(stderr.split("The loser of a Promise.race").length, 2, stderr);
    assertMatch(stderr, /64 receives of loses are pending.*\{ timeout \} or \{ signal \}.*self\.select/);
  }
});
