/**
 * What is handed on: each new owner's requests come after those of the owners before.
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { Doorbell, ring } from "../../runtime/doorbell.ts";
import { allocate, ringRegion } from "../../runtime/layout.ts";
import { OutLink } from "../../runtime/out_link.ts";
import { R_MESSAGE } from "../../runtime/protocol.ts";
import { File } from "../../io/file.ts";
import { Poller } from "../../io/poller.ts";
import { Untold } from "../../io/untold.ts";
import {
  firstIdOf,
  onTheWayTo,
  R_IO_CAME_BACK,
  R_IO_CLAIM,
  R_IO_CLOSE,
  R_IO_OPENED,
  R_IO_OWN,
  R_IO_READ,
  R_IO_RELEASE,
  R_IO_REQUEST,
  R_IO_SENT,
  R_IO_WRITE,
} from "../../io/protocol.ts";
import { PollerResource, type Request } from "../../io/resource.ts";
import { LoneScheduler } from "../support/lone_scheduler.ts";
import { inTempFolder, runMain, testAll } from "./helpers.ts";

/** Notes what is asked of it. */
class Noting extends PollerResource {
  label = "thing";
  readonly asked: string[] = [];
  operate(_request: Request, operation: string) {
    this.asked.push(operation);
  }
  protected serve() {}
  protected takeBack() {}
  protected release() {
    this.asked.push("close");
  }
}

const SCHEDULERS = 4;

/** A poller in this thread that is told what the test says, in the order in which the test says it. */
async function withPoller(body: (thing: Noting, links: OutLink[], poller: Poller) => void): Promise<void> {
  const memory = allocate(SCHEDULERS, { slotCapacity: 64, names: 16, ringBytes: 4096 });
  const words = new Int32Array(memory.peerWords);
  const refuse = (what: unknown) => {
    throw new Error(`unexpected: ${what}`);
  };
  const doorbell = new Doorbell(words, memory.schedulers, () => {});
  const poller = new Poller(memory, words, doorbell, 1, new Array(SCHEDULERS).fill(0), {
    openPort: refuse,
    take: refuse,
    warn: refuse,
    startThread: refuse,
    endThread: refuse,
  });
  const links = Array.from(
    { length: SCHEDULERS },
    (_, peer) =>
      new OutLink(ringRegion(memory, peer, memory.schedulers), {
        wakeReader: () => poller.pump(),
        post: refuse,
      }),
  );
  const thing = new Noting(poller.nextId(), poller);
  poller.add(thing);
  body(thing, links, poller);
  await poller.close();
  ring(words, memory.schedulers); // its wait for the bell ends
}

type Step = (link: OutLink, thing: Noting) => void;
const claim = (given: number, handing = given): Step => (link, { id }) =>
  link.send(R_IO_CLAIM, id, given, [0, handing]);
const sent = (given: number, to: number, handing = given): Step => (link, { id }) =>
  link.send(R_IO_SENT, id, given, [onTheWayTo(to, 0), handing]);
const ask = (what: string): Step => (link, { id }) => link.send(R_IO_REQUEST, 0, 0, [what, id]);

Deno.test("a third owner's requests wait for the first one's, though the second has told that it sent", async () => {
  await withPoller((thing, links) => {
    for (const step of [claim(1), ask("b"), sent(2, 2)]) step(links[1], thing);
    for (const step of [claim(2), ask("c")]) step(links[2], thing);
    assertEquals(thing.asked, []);
    for (const step of [ask("a"), sent(1, 1)]) step(links[0], thing);
    assertEquals(thing.asked, ["a", "b", "c"]);
  });
});

Deno.test("where two give the same thing away, each receiver waits for its own giver", async () => {
  await withPoller((thing, links) => {
    for (const step of [claim(1, 7), ask("b")]) step(links[1], thing);
    for (const step of [claim(1, 8), ask("d")]) step(links[2], thing);
    for (const step of [ask("c"), sent(1, 2, 8)]) step(links[3], thing);
    assertEquals(thing.asked, ["c", "d"]);
    for (const step of [ask("a"), sent(1, 1, 7)]) step(links[0], thing);
    assertEquals(thing.asked, ["c", "d", "a", "b"]);
  });
});

Deno.test("whatever ring is drained first, each owner's requests come after those of the owners before", async () => {
  const journey = fc.array(fc.nat(SCHEDULERS - 1), { minLength: 1, maxLength: 12 });
  await fc.assert(fc.asyncProperty(
    journey,
    fc.array(fc.nat(), { minLength: 60, maxLength: 60 }),
    async (owners, choices) => {
      const rings: Step[][] = Array.from({ length: SCHEDULERS }, () => []);
      const wanted: string[] = [];
      owners.forEach((owner, i) => {
        const isNew = i > 0 && owners[i - 1] !== owner;
        const moves = i + 1 < owners.length && owners[i + 1] !== owner;
        if (isNew) rings[owner].push(claim(i));
        for (const part of ["first", "then"]) {
          wanted.push(`${i} ${part}`);
          rings[owner].push(ask(`${i} ${part}`));
        }
        if (moves) rings[owner].push(sent(i + 1, owners[i + 1]));
      });
      await withPoller((thing, links) => {
        for (let at = 0; rings.some((one) => one.length > 0); at++) {
          const left = rings.flatMap((one, peer) => one.length > 0 ? [peer] : []);
          const peer = left[choices[at % choices.length] % left.length];
          rings[peer].shift()!(links[peer], thing);
        }
        assertEquals(thing.asked, wanted);
      });
    },
  ));
});

Deno.test("what several were given is closed when all have ended, whatever ring is drained first", async () => {
  /** Who was given the thing, by one that stands before it or by the first owner, in ring 0. */
  const holder = fc.record({ ring: fc.nat(SCHEDULERS - 1), giver: fc.nat(), isOffered: fc.boolean() });
  await fc.assert(
    fc.asyncProperty(
      fc.array(holder, { minLength: 1, maxLength: 8 }),
      fc.array(fc.nat(), { minLength: 24, maxLength: 24 }),
      async (holders, choices) => {
        const rings: Step[][] = Array.from({ length: SCHEDULERS }, () => []);
        const had = [{ ring: 0, given: 0, gave: 0 }]; // by pid
        holders.forEach(({ ring, giver, isOffered }, i) => {
          const pid = i + 1;
          const from = had[giver % pid];
          const given = from.given + ++from.gave;
          had.push({ ring, given, gave: 0 });
          // A thief that takes an actor together with what it was sent may tell of it before the victim does.
          const owner = isOffered ? pid : onTheWayTo(ring, 0);
          rings[from.ring].push((link, { id }) => link.send(R_IO_SENT, id, given, [owner, pid]));
          rings[ring].push((link, { id }) => link.send(R_IO_CLAIM, id, given, [pid, pid]));
        });
        had.forEach(({ ring, gave }, pid) => {
          if (gave === 0) rings[ring].push((link) => link.send(R_IO_RELEASE, pid, 0, null));
        });
        await withPoller((thing, links) => {
          for (let at = 0; rings.some((one) => one.length > 0); at++) {
            const left = rings.flatMap((one, peer) => one.length > 0 ? [peer] : []);
            const peer = left[choices[at % choices.length] % left.length];
            rings[peer].shift()!(links[peer], thing);
          }
          assertEquals(thing.asked, ["close"]);
        });
      },
    ),
    { numRuns: 1000 },
  ); // the race needs four records in one order
});

Deno.test("what is asked of a file before its opener has told of it waits for that", async () => {
  await inTempFolder(async (folder) => {
    const path = `${folder}/file`;
    const { dev, ino } = await Deno.open(path, { write: true, create: true }).then((file) => {
      using _ = file;
      return file.statSync();
    });
    const id = firstIdOf(1) + 1;
    const how = { write: true };
    await withPoller((_thing, [, opener, receiver], poller) => {
      receiver.send(R_IO_CLAIM, id, 1, [0, 7]);
      receiver.send(R_IO_WRITE, id, 1, new TextEncoder().encode("first"));
      receiver.send(R_IO_CLOSE, id, 0, null);
      opener.send(R_IO_OPENED, id, 0, 0);
      assertEquals(poller.find(id)?.isClosed, false, "nor does what is to come behind the sender's news");
      opener.send(R_IO_CAME_BACK, id, 0, { path, dev, ino, how, position: 0 });
      opener.send(R_IO_SENT, id, 1, [onTheWayTo(2, 0), 7]);
      assertEquals(poller.find(id), undefined);
    });
    assertEquals(await Deno.readTextFile(path), "first");
  });
});

Deno.test("what an actor has claimed and released before its opener has told of it is closed", async () => {
  await withPoller((thing, [, opener, receiver], poller) => {
    const owner = 12;
    const [one, other] = [firstIdOf(1) + 1, firstIdOf(1) + 2];
    receiver.send(R_IO_CLAIM, one, 1, [owner, 7]);
    receiver.send(R_IO_CLAIM, other, 1, [owner + 1, 8]);
    receiver.send(R_IO_RELEASE, owner, 0, null);
    for (const [id, handing] of [[one, 7], [other, 8]]) {
      opener.send(R_IO_OPENED, id, 0, 0);
      opener.send(R_IO_SENT, id, 1, [onTheWayTo(2, 0), handing]);
    }
    assertEquals([poller.find(one), poller.find(other)?.isClosed], [undefined, false]);
    receiver.send(R_IO_CLOSE, other, 0, null);
    receiver.send(R_IO_CLAIM, other, 2, [owner, 9]); // late, of what is known and closed: for nobody
    receiver.send(R_IO_READ, other, 1, 10);
    assertEquals(poller.find(other), undefined);
    for (const id of [one, other]) opener.send(R_IO_CLOSE, id, 0, true);
    assertEquals(thing.asked, []);
  });
});

Deno.test("what was given on before its opener has told of it is closed with the end of its last owner", async () => {
  await withPoller((_thing, [, opener, receiver], poller) => {
    const id = firstIdOf(1) + 1;
    const [first, last] = [12, 13];
    receiver.send(R_IO_CLAIM, id, 1, [first, 7]);
    receiver.send(R_IO_OWN, id, 2, last);
    receiver.send(R_IO_RELEASE, first, 0, null);
    receiver.send(R_IO_RELEASE, last, 0, null);
    opener.send(R_IO_OPENED, id, 0, 0);
    opener.send(R_IO_SENT, id, 1, [onTheWayTo(2, 0), 7]);
    assertEquals(poller.find(id), undefined);
    opener.send(R_IO_CLOSE, id, 0, true);
  });
});

Deno.test("of what a dead scheduler has asked for too early, who is to own it is heard, and nothing is answered", () => {
  const untold = new Untold();
  const id = firstIdOf(1) + 1;
  const record = (kind: number, payload: unknown) => ({ peer: 2, kind, target: id, aux: 0, payload });
  const given = [record(R_IO_CLAIM, [12, 7]), record(R_IO_OWN, 13), record(R_IO_SENT, [14, 8])];
  for (const one of [...given, record(R_IO_READ, 10), record(R_IO_CLOSE, null)]) untold.keeps(one);
  assertEquals(untold.lost(2), []);
  assertEquals(untold.told(id), [...given, record(R_IO_CLOSE, null)]);
});

Deno.test("what comes for a dead actor is closed behind all that its sender has asked for", async () => {
  const lone = new LoneScheduler();
  const { io } = lone.s;
  const told: number[] = [];
  const dead = lone.s.slots.take(0);
  lone.s.routes.declareDead(dead);
  io.toPoller = (kind) => void told.push(kind);
  io.owners.arrived.push(new File(io, 7, "file", 1));
  io.owners.landed(R_MESSAGE, dead, 1);
  assertEquals(told, [R_IO_CLAIM, R_IO_CLOSE]);
  told.length = 0;
  io.owners.arrived.push(new File(io, 7, "file", 1)); // of a channel without an owner
  io.owners.claim(null);
  assertEquals(told, [R_IO_CLAIM, R_IO_CLOSE]);

  await withPoller((thing, links) => {
    claim(1)(links[1], thing);
    links[1].send(R_IO_CLOSE, thing.id, 0, null);
    for (const step of [ask("a"), sent(1, 1)]) step(links[0], thing);
    assertEquals(thing.asked, ["a", "close"]);
  });
});

for (const threads of [1, 2, 4, 8]) {
  Deno.test(`files that change hands are written in the order of their owners, with ${threads} schedulers`, async () => {
    await inTempFolder(async (folder) => {
      const wanted = await runMain("handed_files.ts", [folder], threads) as string[];
      for (const [i, text] of wanted.entries()) {
        assertEquals(await Deno.readTextFile(`${folder}/${i}`), text);
      }
    });
  });
}

for (const threads of [1, 2, 4, 8]) {
  Deno.test(`pipes, datagram sockets and listeners that change hands lose nothing and keep the order, with ${threads} schedulers`, async () => {
    const [had, wanted] = await runMain("handed_streams.ts", [], threads);
    assertEquals(had, wanted);
  });
}

testAll(
  "what is given to one actor and then to another is the other's, and not closed with the first one's end",
  async (threads) => {
    assertEquals(await runMain("handed_again.ts", ["again"], threads), "from the second");
  },
);

for (const threads of [4, 8]) {
  Deno.test(`what is given to two actors, of whom one gives it on, is closed when all have ended, with ${threads} schedulers`, async () => {
    assertEquals(await runMain("handed_again.ts", ["both", "200"], threads), 200);
  });
}
