import { assertEquals } from "@std/assert";
import { allocate, BELL, LOG_DROPPED, LOG_POSTED, LOG_TAKEN, PEER_WORDS } from "../../runtime/layout.ts";
import { Losses } from "../../runtime/losses.ts";

const SCHEDULERS = 4; // the poller is peer 4

function setup() {
  const memory = allocate(SCHEDULERS, { slotCapacity: 64, ringBytes: 4096, names: 64 });
  const told: string[] = [];
  const losses = new Losses(memory, {
    tell: (peer, { type, id }) => void told.push(`${peer}: ${type} ${id}`),
    settled: (id) => void told.push(`settled ${id}`),
  });
  /** What was told since it was asked last. */
  const news = () => told.splice(0).join(", ");
  return { words: new Int32Array(memory.peerWords), losses, news };
}

Deno.test("a loss is settled when all peers that live have answered", () => {
  const { losses, news } = setup();
  losses.died(1, "why");
  assertEquals(news(), "0: lost 1, 2: lost 1, 3: lost 1, 4: lost 1");
  for (const peer of [0, 4, 3]) losses.recovered(peer, 1, 0, 0);
  assertEquals([news(), losses.isSettling], ["", true]);
  losses.recovered(2, 1, 0, 0);
  assertEquals([news(), losses.isSettling], ["0: renewed 1, 2: renewed 1, 3: renewed 1, settled 1", false]);
});

Deno.test("whoever settles a loss is told when another dies meanwhile: it would wait for an answer in vain", () => {
  const { losses, news } = setup();
  losses.died(1, "why");
  losses.recovered(4, 1, 0, 0);
  news();
  losses.died(2, "why");
  assertEquals(news(), "0: gone 2, 3: gone 2");
  losses.died(3, "why");
  assertEquals(news(), "0: gone 3");
  losses.recovered(0, 1, 0, 0);
  // 1 is another one by now, and settles what follows.
  assertEquals(
    news(),
    "0: renewed 1, settled 1, 0: lost 2, 0: gone 3, 1: lost 2, 1: gone 3, 4: lost 2, 4: gone 3",
  );
  for (const peer of [0, 1, 4]) losses.recovered(peer, 2, 0, 0);
  assertEquals(news(), "0: renewed 2, 1: renewed 2, settled 2, 0: lost 3, 1: lost 3, 2: lost 3, 4: lost 3");
  for (const peer of [0, 1, 2, 4]) losses.recovered(peer, 3, 0, 0);
  assertEquals([news(), losses.isSettling], ["0: renewed 3, 1: renewed 3, 2: renewed 3, settled 3", false]);
});

Deno.test("all peers that live are woken by a death, whatever their words say", () => {
  const { words, losses } = setup();
  losses.died(1, "why"); // it may have taken ASLEEP of any of them and not rung
  assertEquals([0, 1, 2, 3, 4].map((peer) => words[peer * PEER_WORDS + BELL]), [1, 0, 1, 1, 1]);
});

Deno.test("the log counts of a dead scheduler go on, and nothing of its is on its way any more", () => {
  const { words, losses } = setup();
  const at = 1 * PEER_WORDS;
  words[at + LOG_POSTED] = 500;
  words[at + LOG_TAKEN] = 300;
  words[at + LOG_DROPPED] = 7;
  losses.died(1, "why");
  for (const peer of [0, 2, 3, 4]) losses.recovered(peer, 1, 0, 0);
  assertEquals([LOG_POSTED, LOG_TAKEN, LOG_DROPPED].map((word) => words[at + word]), [500, 500, 7]);
});
