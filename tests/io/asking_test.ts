import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { Asking, AskingQueue, type PollerHost, PollerResource, type Request } from "../../io/resource.ts";

Deno.test("requests are served in the order of asking, whatever is given up or lost between", () => {
  const step = fc.oneof(
    fc.record({ do: fc.constant("push" as const), peer: fc.nat(2), number: fc.nat(5) }),
    fc.record({ do: fc.constant("shift" as const) }),
    fc.record({ do: fc.constant("remove" as const), peer: fc.nat(2), number: fc.nat(5) }),
    fc.record({ do: fc.constant("lose" as const), peer: fc.nat(2) }),
  );
  fc.assert(fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
    const queue = new AskingQueue();
    let oracle: Asking[] = [];
    for (const one of steps) {
      switch (one.do) {
        case "push": {
          const request = new Asking(one.peer, one.number, 0, 1);
          queue.push(request);
          oracle.push(request);
          break;
        }
        case "shift":
          if (oracle.length > 0) assertEquals(queue.shift(), oracle.shift());
          break;
        case "remove": {
          const at = oracle.findIndex(({ peer, number }) => peer === one.peer && number === one.number);
          assertEquals(queue.remove(one.peer, one.number), at < 0 ? null : oracle.splice(at, 1)[0]);
          break;
        }
        case "lose": {
          queue.removePeer(one.peer);
          const gone = oracle.filter(({ peer }) => peer === one.peer);
          oracle = oracle.filter(({ peer }) => peer !== one.peer);
          assertEquals(gone.some(({ isOpen }) => isOpen), false);
        }
      }
      assertEquals(queue.first, oracle[0] ?? null);
    }
    assertEquals([...queue.drain()], oracle);
    assertEquals(queue.first, null);
  }));
});

/** Gives numbers, one a reader. */
class Numbers extends PollerResource {
  readonly served: [peer: number, number: number, value: unknown][] = [];
  readonly values: unknown[] = [1, 2, 3, 4, 5, 6];
  get label() {
    return "numbers";
  }
  operate() {}
  protected release() {}
  protected serve() {
    while (this.asking.first !== null && this.values.length > 0) {
      const { peer, number } = this.asking.shift();
      this.served.push([peer, number, this.values.shift()]);
    }
  }
  protected takeBack(value: unknown) {
    this.values.unshift(value);
  }
}

const HOST = { cancelled: (request: Request) => void (request.isOpen = false) } as unknown as PollerHost;

Deno.test("what a reader puts back comes before what is still on its way back", () => {
  for (const isLost of [false, true]) {
    const numbers = new Numbers(7, HOST);
    for (let number = 1; number <= 2; number++) numbers.ask(new Asking(0, number, 0, 1));
    assertEquals(numbers.cancel(0, 2), false, "it is answered already");
    numbers.expectReturn(0);
    numbers.putBack(1);
    numbers.ask(new Asking(1, 3, 0, 1));
    numbers.ask(new Asking(1, 4, 0, 1));
    assertEquals(numbers.served.length, 2);
    if (isLost) numbers.lost(0);
    else numbers.returned(0, 2);
    assertEquals(numbers.served.slice(2), [[1, 3, 1], [1, 4, isLost ? 3 : 2]]);
  }
});

Deno.test("readers wait for what comes back, and no more when its scheduler is lost", () => {
  const numbers = new Numbers(7, HOST);
  numbers.ask(new Asking(0, 1, 0, 1));
  numbers.ask(new Asking(1, 1, 0, 1));
  assertEquals(numbers.served.length, 2);
  assertEquals(numbers.cancel(0, 1), false, "it is answered already");
  numbers.expectReturn(0);
  numbers.expectReturn(1);
  numbers.ask(new Asking(0, 2, 0, 1));
  numbers.ask(new Asking(1, 2, 0, 1));
  numbers.ask(new Asking(2, 2, 0, 1));
  numbers.returned(1, 2);
  assertEquals(numbers.served.length, 2, "scheduler 0 still has one to give back");
  numbers.lost(0);
  assertEquals(numbers.served.slice(2), [[1, 2, 2], [2, 2, 3]], "nobody reads for the dead");
  numbers.lost(0);
  numbers.lost(2);
  numbers.expectReturn(0); // of the scheduler in its place
  numbers.ask(new Asking(1, 3, 0, 1));
  assertEquals(numbers.served.length, 4);
  numbers.returned(0, null);
  assertEquals(numbers.served.slice(4), [[1, 3, 4]]);
});
