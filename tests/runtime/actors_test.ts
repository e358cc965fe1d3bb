/** What actors may rely on, on one scheduler and on several: each case runs in a real run (tests/support/cases.ts). */
import { assert, assertEquals } from "@std/assert";
import { Config } from "../../runtime/config.ts";
import { Runtime } from "../../runtime/runtime.ts";
import { CASES, gives, outcomeOf, withDeadline } from "../support/run_case.ts";

const exit = (value: unknown) => ({ kind: "exit", value });

Deno.test("S8: join gives the outcome however late it is asked, as often as it is asked", async () => {
  await gives("joinsLate", [exit(42), exit(42)]);
  await gives("joinsAfterTheSlotWasUsedAgain", [exit("first"), exit(99), true]);
});

Deno.test("S6: what is sent to a dead actor's pid never reaches the slot's next tenant", async () => {
  await gives("stalePid", [true, exit(["for the living", undefined]), 1]);
});

Deno.test("S16: a join that timed out can be asked again", async () => {
  await gives("joinsWithTimeout", ["TimeoutError", exit("go")]);
});

Deno.test("S13: joiners go on in the order in which they joined, on every scheduler", async () => {
  await gives("joinersInOrder", [[0, 1, 2, 3, 4], ["joined", "joined", "joined"]], [1, 2, 3]);
});

Deno.test("several copies of a handle on one scheduler each get the outcome", async () => {
  await gives("joinersOfCopies", exit(["asks", "asks", exit("end"), exit("end")]));
});

Deno.test("S9: an actor that has not begun runs nothing, counts as live, and can be ended without ever running", async () => {
  const killed = {
    kind: "panic",
    name: "ExitError",
    message: "the actor was killed",
    cause: undefined,
    isError: true,
  };
  await gives("unstartedCostsNothing", [[0, 1001], 999, killed, 1]);
});

Deno.test("S20: actors are resumed first in, first out, and yield goes to the back of the queue", async () => {
  await gives("resumesInOrder", "abcabcabc");
});

Deno.test("S20, S3: an actor that only checks gives way when its timeslice is used up", async () => {
  await gives("checksShareTheScheduler", true, [1]);
});

Deno.test("S20: a check of an actor that has ended is refused", async () => {
  await gives("checkOutsideOfAnActorDoesNothing", "ExitError", [1]);
});

Deno.test("several operations of one actor may be pending, and receives take messages in the order of the calls", async () => {
  await gives("severalPendingReceives", [1, 30, 2, undefined, exit("child")]);
});

Deno.test("S16: a stale timeout never wakes a later wait", async () => {
  await gives("aTimeoutDoesNotWakeALaterWait", ["in time", "later"]);
});

Deno.test("an actor that awaits a promise that is not smarm's neither blocks the others nor is lost", async () => {
  await gives("foreignPromiseDoesNotLoseTheActor", ["timed", 1000]);
});

Deno.test("S15: the event loop gets its turn while actors are busy", async () => {
  await gives("eventLoopGetsItsTurn", true);
});

Deno.test("S18: the run ends when the last actor ends, also when its last step came from outside", async () => {
  await gives("endsFromAForeignPromise", "ended");
});

Deno.test("sync functions, async ones and thenables are actors alike", async () => {
  await gives("syncAndAsync", [exit("sync"), exit("async"), exit("thenable")]);
});

Deno.test("a thenable whose then throws is a panic of its actor, and the others go on", async () => {
  const given = ["then threw", "getter threw", "rejects", "nested", undefined, "the others go on"];
  await gives("thenablesThatThrow", given);
});

Deno.test("messages from one actor to another arrive in the order sent, once each, wherever the two live", async () => {
  await gives("orderAcrossSchedulers", [{ "0": 3000, "1": 3000, "2": 3000 }, undefined], [1, 2, 3]);
});

Deno.test("M1: a pinned actor runs on the scheduler of that id", async () => {
  await gives("pinnedRunWhereTheyAreTold", true, [1, 3]);
});

Deno.test("M10: the schedulers of a run are known by their ids, each by the same one from wherever it is asked", async () => {
  for (const schedulers of [1, 3]) {
    const runtime = new Runtime(Config.exact(schedulers));
    const outcome = await withDeadline(
      runtime,
      runtime.run(CASES, { args: ["registryAsSeenByEach"] }),
      "M10",
    );
    const ids = Array.from({ length: schedulers }, (_, id) => id);
    assertEquals(outcome, exit(ids.map((id) => [id, ids])) as never);
    assertEquals(runtime.stats().schedulers.map(({ id }) => id), ids);
  }
});

Deno.test("M4: a run begins with a timer service of its own, one for sleeps, timeouts and timed messages", async () => {
  for (const schedulers of [1, 2]) {
    const runtime = new Runtime(Config.exact(schedulers));
    for (let again = 0; again < 2; again++) { // what the first run leaves armed is not the second's
      const outcome = await withDeadline(runtime, runtime.run(CASES, { args: ["timersOfAllKinds"] }), "M4");
      assertEquals(outcome, exit([0, 4, 2]) as never);
      assertEquals(runtime.stats().timers, 0);
    }
  }
});

Deno.test("M3: a spawn belongs to the scheduler that it was made on, and gives a handle", async () => {
  await gives("localFirst", [true, true]);
});

Deno.test("M9: while a spawner never yields, another scheduler runs its actors", async () => {
  await gives("othersRunWhatABusySpawnerSpawns", true, [2]);
});

Deno.test("M9: while a spawner never yields, another scheduler runs also those that are over at once", async () => {
  await gives("othersRunShortOnesOfABusySpawner", true, [2]);
});

Deno.test("M9: while a spawner never yields, another scheduler runs also those behind one that somebody has sent to", async () => {
  await gives("othersRunWhatStandsBehindOneThatWasSentTo", true, [2]);
});

Deno.test("M9: of two actors that are spawned together an idle scheduler begins one, not both and not none", async () => {
  // Not all: whoever has to wait for a core for longer than SHARING_MS finds the other's lying there, and takes it.
  const outcome = await outcomeOf("teamsThatAreSplit", 2);
  if (outcome.kind === "panic") throw outcome.error;
  assert(outcome.value as number > 25, `${outcome.value} of 100`);
});

Deno.test("M9: of two alike actors that are spawned one after the other, and stay, each gets a scheduler", async () => {
  const outcome = await outcomeOf("teamsThatComeOneByOne", 2);
  if (outcome.kind === "panic") throw outcome.error;
  assert(outcome.value as number > 25, `${outcome.value} of 50`);
});

Deno.test("M9: actors that stay are spread over all schedulers also when they are spawned one by one", async () => {
  for (const schedulers of [2, 4]) {
    const outcome = await outcomeOf("stayingOnes", schedulers, "plain");
    if (outcome.kind === "panic") throw outcome.error;
    const places = outcome.value as number[];
    assert(Math.min(...places) >= 100 / schedulers, `${places}`);
  }
});

Deno.test("M9: actors that stay, and whose arguments cannot be sent, begin where they are spawned", async () => {
  const outcome = await outcomeOf("stayingOnes", 2, "held");
  if (outcome.kind === "panic") throw outcome.error;
  assertEquals((outcome.value as number[]).toSorted(), [0, 200]);
});

Deno.test("M9: actors that take long are shared also when those before them were over at once", async () => {
  await gives("longAfterShortIsShared", 2, [2]);
});

Deno.test("S13: a monitor of an actor that is dead tells so, whether the news of its end has come or not", async () => {
  await gives("monitorsBeforeTheNews", ["DeadActorError", exit(42)], [2]);
});

Deno.test("a module's variables are per scheduler", async () => {
  await gives("modulesArePerScheduler", [exit(1), exit(1)], [2]);
});

Deno.test("calls are answered on the same scheduler and across", async () => {
  await gives("callsAcross", [2, 4, 6]);
});

Deno.test("the main of a module is spawned by its URL, here and elsewhere, and one that is missing is a panic", async () => {
  await gives("spawnsAModule", [exit(40), exit(42), true]);
});

Deno.test("S6: as many live actors as slots, then a clear error, and room again when they end", async () => {
  const runtime = new Runtime(Config.exact(1), undefined, { slotCapacity: 64 });
  const outcome = await withDeadline(runtime, runtime.run(CASES, { args: ["slotLimit"] }), "slotLimit");
  assertEquals(outcome, exit(["SlotLimitError", 63, exit("room again")]) as never);
});
