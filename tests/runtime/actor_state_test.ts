import { assertEquals } from "@std/assert";
import fc from "fast-check";
import {
  type ActorState,
  DONE,
  end,
  park,
  PARKED,
  resume,
  RUNNABLE,
  RUNNING,
  STATE_NAMES,
  unpark,
  UNSTARTED,
  yieldBack,
} from "../../runtime/actor_state.ts";

const EVENTS = { resume, park, yield: yieldBack, unpark, end };

type EventName = keyof typeof EVENTS;

/** A cell of the table: from a state, with the flag or without, by an event, to a state and a flag, with a result. */
type Cell = [
  from: ActorState,
  flag: boolean,
  event: EventName,
  result: string | boolean,
  to: ActorState,
  flagAfter: boolean,
];

/** The whole table of runtime/actor_state.ts. A cell that cannot be reached is here too: it must do no harm. */
const TABLE: Cell[] = [
  [UNSTARTED, false, "resume", "run", RUNNING, false],
  [UNSTARTED, false, "park", "parked", UNSTARTED, false],
  [UNSTARTED, false, "yield", "stale", UNSTARTED, false],
  [UNSTARTED, false, "unpark", "ignored", UNSTARTED, false],
  [UNSTARTED, false, "end", true, DONE, false],

  [RUNNABLE, false, "resume", "run", RUNNING, false],
  [RUNNABLE, true, "resume", "run", RUNNING, true],
  [RUNNABLE, false, "park", "parked", RUNNABLE, false],
  [RUNNABLE, false, "yield", "stale", RUNNABLE, false],
  [RUNNABLE, false, "unpark", "ignored", RUNNABLE, false],
  [RUNNABLE, true, "unpark", "ignored", RUNNABLE, true],
  [RUNNABLE, false, "end", true, DONE, false],

  [RUNNING, false, "resume", "stale", RUNNING, false],
  [RUNNING, false, "park", "parked", PARKED, false],
  [RUNNING, true, "park", "requeue", RUNNABLE, false],
  [RUNNING, false, "yield", "requeue", RUNNABLE, false],
  [RUNNING, true, "yield", "requeue", RUNNABLE, true],
  [RUNNING, false, "unpark", "deferred", RUNNING, true],
  [RUNNING, true, "unpark", "deferred", RUNNING, true],
  [RUNNING, false, "end", true, DONE, false],

  [PARKED, false, "resume", "stale", PARKED, false],
  [PARKED, false, "park", "parked", PARKED, false],
  [PARKED, false, "yield", "stale", PARKED, false],
  [PARKED, false, "unpark", "requeue", RUNNABLE, false],
  [PARKED, false, "end", true, DONE, false],

  [DONE, false, "resume", "stale", DONE, false],
  [DONE, false, "park", "stale", DONE, false],
  [DONE, false, "yield", "stale", DONE, false],
  [DONE, false, "unpark", "stale", DONE, false],
  [DONE, false, "end", false, DONE, false],
];

for (const [from, flag, event, result, to, flagAfter] of TABLE) {
  const name = `${STATE_NAMES[from]}${flag ? " with the flag" : ""}, ${event}`;
  Deno.test(`S7: ${name}: ${result}, ${STATE_NAMES[to]}${flagAfter ? " with the flag" : ""}`, () => {
    const actor = { state: from, pendingUnpark: flag };
    assertEquals(EVENTS[event](actor), result);
    assertEquals(actor, { state: to, pendingUnpark: flagAfter });
  });
}

Deno.test("S7: the table of this test has every cell", () => {
  const cells = new Set(TABLE.map(([from, , event]) => `${from} ${event}`));
  assertEquals(cells.size, STATE_NAMES.length * Object.keys(EVENTS).length);
});

Deno.test("S7: an unpark between resume and park is never lost, however events follow each other", () => {
  const event = fc.constantFrom<EventName>("resume", "park", "yield", "unpark");
  fc.assert(fc.property(fc.array(event, { maxLength: 40 }), (events) => {
    const actor: { state: ActorState; pendingUnpark: boolean } = { state: UNSTARTED, pendingUnpark: false };
    let queued = 1; // how often it stands in the run queue
    let owed = false; // an unpark has come since the last park that was not answered by a requeue
    for (const name of events) {
      if (name === "resume") {
        if (queued === 0) continue;
        queued--;
        if (resume(actor) === "run") continue;
      } else if (name === "unpark") {
        const result = unpark(actor);
        if (result === "requeue") queued++;
        if (result === "deferred") owed = true;
      } else if (actor.state === RUNNING) {
        const result = name === "park" ? park(actor) : yieldBack(actor);
        if (result === "requeue") queued++;
        if (name === "park") {
          assertEquals(result, owed ? "requeue" : "parked");
          owed = false;
        }
      }
      assertEquals(
        queued,
        actor.state <= RUNNABLE ? 1 : 0,
        "it stands in the queue once if runnable, else not",
      );
    }
  }));
});
