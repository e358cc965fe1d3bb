import { assertEquals } from "@std/assert";
import { ASLEEP, CURRENT_KEY, EPOCH, NO_ACTOR, PEER_WORDS, type SharedMemory } from "../../runtime/layout.ts";
import { type Stuck, Watchdog } from "../../runtime/watchdog.ts";

const LIMIT_MS = 800;
const LOOK_MS = 100; // an eighth of it

/** A watchdog over one scheduler, with the time in the test's hands. */
function watched() {
  const peerWords = new SharedArrayBuffer(PEER_WORDS * Int32Array.BYTES_PER_ELEMENT);
  const words = new Int32Array(peerWords);
  const told: string[] = [];
  const asked: number[] = [];
  let nowMs = 0;
  const tell = (what: string) => ({ heldMs }: Stuck) => void told.push(`${what} ${heldMs}`);
  const watchdog = new Watchdog({ peerWords, schedulers: 1 } as unknown as SharedMemory, LIMIT_MS, {
    ping: (_, ticket) => void asked.push(ticket),
    isWatched: () => true,
    stuck: tell("stuck"),
    stillStuck: () => {},
    over: tell("over"),
    now: () => nowMs,
  });
  watchdog.begins(0);
  return {
    told,
    asked,
    fallsAsleep: () => {
      words[CURRENT_KEY] = NO_ACTOR;
      words[ASLEEP] = 1;
    },
    /** It answers what it is asked, before the next look. */
    answersFor: (ms: number) => {
      for (const until = nowMs + ms; nowMs < until;) {
        nowMs += LOOK_MS;
        watchdog.look();
        for (const ticket of asked) watchdog.answered(0, ticket);
      }
    },
    moves: () => void words[EPOCH]++,
    /** Looks come as they should for so long. */
    passes: (ms: number) => {
      for (const until = nowMs + ms; nowMs < until;) {
        nowMs += LOOK_MS;
        watchdog.look();
      }
    },
    /** No thread runs for so long, then the look that is overdue comes. */
    standsStill: (ms: number) => {
      nowMs += ms;
      watchdog.look();
    },
  };
}

Deno.test("watchdog: a scheduler that does not move within the limit is told once, and its end too", () => {
  const { told, moves, passes } = watched();
  for (let i = 0; i < 20; i++) {
    passes(LIMIT_MS - LOOK_MS);
    moves();
  }
  assertEquals(told, []);
  passes(LIMIT_MS);
  passes(LIMIT_MS);
  assertEquals(told, [`stuck ${LIMIT_MS}`]);
  moves();
  passes(LOOK_MS);
  assertEquals(told.length, 2);
});

Deno.test("watchdog: the time in which the whole process stood still counts for nobody", () => {
  const { told, passes, standsStill } = watched();
  passes(LIMIT_MS / 2);
  standsStill(3_600_000); // counts as two looks: the control thread may be late itself
  assertEquals(told, [], "an actor that was running when the process was stopped");
  passes(LIMIT_MS);
  assertEquals(told.map((text) => text.split(" ")[0]), ["stuck"]);
});

Deno.test("watchdog: a sleeping scheduler is asked twice in the limit, and told when it answers no more", () => {
  const { told, asked, fallsAsleep, answersFor, passes } = watched();
  fallsAsleep();
  answersFor(10 * LIMIT_MS);
  assertEquals([told, asked.length], [[], 20]);
  passes(1.5 * LIMIT_MS);
  assertEquals(told, [`stuck ${LIMIT_MS}`]);
});
