import { assertEquals } from "@std/assert";
import { Doorbell, ring } from "../../runtime/doorbell.ts";
import { allocate, ringRegion } from "../../runtime/layout.ts";
import { OutLink } from "../../runtime/out_link.ts";
import { Poller } from "../../io/poller.ts";
import { onTheWayTo, R_IO_SENT, wayOf } from "../../io/protocol.ts";
import { PollerResource } from "../../io/resource.ts";

class Thing extends PollerResource {
  label = "thing";
  operate() {}
  protected serve() {}
  protected takeBack() {}
  protected release() {}
}

Deno.test("what is sent to a scheduler is closed when that is dead, however late the sender tells of it", async () => {
  const memory = allocate(2, { slotCapacity: 64, names: 16, ringBytes: 4096 });
  const words = new Int32Array(memory.peerWords);
  const refuse = (what: unknown) => {
    throw new Error(`unexpected: ${what}`);
  };
  const doorbell = new Doorbell(words, memory.schedulers, () => {});
  const poller = new Poller(memory, words, doorbell, 1, [0, 0], {
    openPort: refuse,
    take: refuse,
    warn: refuse,
    startThread: refuse,
    endThread: refuse,
  });
  const toPoller = new OutLink(ringRegion(memory, 0, memory.schedulers), {
    wakeReader: () => poller.pump(),
    post: refuse,
  });
  const made = (): Thing => {
    const thing = new Thing(poller.nextId(), poller);
    poller.add(thing);
    return thing;
  };
  const travels = (thing: Thing, scheduler: number, life: number) =>
    toPoller.send(R_IO_SENT, thing.id, 1, [onTheWayTo(scheduler, life), 1]);

  const [before, after, toNext, toOther] = [made(), made(), made(), made()];
  travels(before, 1, 0);
  assertEquals(before.isClosed, false);
  poller.lost(1);
  assertEquals(before.isClosed, true, "it was on its way");
  travels(after, 1, 0);
  assertEquals(after.isClosed, true, "its sender had not heard of the loss");
  travels(toNext, 1, 1);
  travels(toOther, 0, 0);
  assertEquals([toNext.isClosed, toOther.isClosed], [false, false]);
  poller.lost(1);
  assertEquals([toNext.isClosed, toOther.isClosed], [true, false]);
  await poller.close();
  ring(words, memory.schedulers); // its wait for the bell ends
});

Deno.test("the owner of what travels tells where to, and in which life of that scheduler", () => {
  for (const scheduler of [0, 1, 511]) {
    for (const life of [0, 1, 1000]) assertEquals(wayOf(onTheWayTo(scheduler, life)), { scheduler, life });
  }
});
