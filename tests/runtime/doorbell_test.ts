import { assertEquals } from "@std/assert";
import { Doorbell, ring, ringAnyway } from "../../runtime/doorbell.ts";
import { ASLEEP, PEER_WORDS } from "../../runtime/layout.ts";

const SLEEPER = 1;

function setup() {
  const words = new Int32Array(new SharedArrayBuffer(3 * PEER_WORDS * 4));
  const rung: (() => void)[] = [];
  let rings = 0;
  const bell = new Doorbell(words, SLEEPER, () => {
    rings++;
    rung.shift()?.();
  });
  /** The next ring that the sleeper hears. */
  const heard = () => new Promise<void>((resolve) => rung.push(resolve));
  return { words, bell, heard, rings: () => rings, asleep: () => words[SLEEPER * PEER_WORDS + ASLEEP] };
}

Deno.test("M8: nobody rings for a thread that is awake", () => {
  const { words, asleep } = setup();
  assertEquals(ring(words, SLEEPER), false);
  assertEquals(asleep(), 0);
});

Deno.test("M8: a sleeper hears the ring once, and the first ringer alone rings", async () => {
  const { words, bell, heard, rings, asleep } = setup();
  bell.prepare();
  assertEquals(bell.sleep(), true);
  const woken = heard();
  assertEquals([ring(words, SLEEPER), ring(words, SLEEPER)], [true, false]);
  assertEquals(asleep(), 0);
  await woken;
  assertEquals(rings(), 1);
});

Deno.test("M8: a ring between prepare and sleep is not lost: the thread does not go to sleep", () => {
  const { words, bell, rings } = setup();
  bell.prepare();
  assertEquals(ring(words, SLEEPER), true);
  assertEquals(bell.sleep(), false);
  assertEquals(rings(), 0);
});

Deno.test("M8: whoever finds work after prepare stays awake, and nobody rings", () => {
  const { words, bell } = setup();
  bell.prepare();
  bell.awake();
  assertEquals(ring(words, SLEEPER), false);
});

Deno.test("M8: a sleeper whose ringer died between its two steps, so that nobody else rings, is woken all the same", async () => {
  const { words, bell, heard, rings } = setup();
  bell.prepare();
  assertEquals(bell.sleep(), true);
  const woken = heard();
  Atomics.store(words, SLEEPER * PEER_WORDS + ASLEEP, 0); // as far as it got
  assertEquals(ring(words, SLEEPER), false);
  ringAnyway(words, SLEEPER);
  await woken;
  assertEquals(rings(), 1);
  bell.awake();
  bell.prepare();
  ringAnyway(words, SLEEPER); // of one that is about to sleep
  assertEquals(bell.sleep(), false);
});

Deno.test("M8: a sleep that was left for other reasons is not slept twice: the bell rings through the first wait", async () => {
  const { words, bell, heard, rings } = setup();
  bell.prepare();
  bell.sleep();
  bell.awake(); // a timer, say
  bell.prepare();
  assertEquals(bell.sleep(), true);
  const woken = heard();
  assertEquals(ring(words, SLEEPER), true);
  await woken;
  assertEquals(rings(), 1);
});

Deno.test("M8: a blocked thread wakes when the time is over, or at once when somebody has rung", () => {
  const { words, bell } = setup();
  bell.prepare();
  bell.block(1);
  ring(words, SLEEPER);
  bell.block(1_000_000); // rung already: comes back at once, or this test never ends
});
