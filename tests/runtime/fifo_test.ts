import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { BLOCK_LENGTH, Fifo } from "../../runtime/fifo.ts";
import { Mailbox } from "../../runtime/mailbox.ts";

type Step = { do: "push"; times: number } | { do: "shift"; times: number } | {
  do: "remove" | "at";
  where: number;
} | {
  do: "clear";
};

const times = fc.integer({ min: 1, max: 2 * BLOCK_LENGTH });
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ do: fc.constant("push" as const), times }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant("shift" as const), times }) },
  {
    weight: 4,
    arbitrary: fc.record({ do: fc.constantFrom("remove" as const, "at" as const), where: fc.nat(200) }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("clear" as const) }) },
);

interface Queue {
  readonly length: number;
  push(value: unknown): void;
  shift(): unknown;
  at(position: number): unknown;
  removeAt(position: number): unknown;
  clear(): void;
}

/** The queue does what an array does. */
function agrees(queue: Queue, steps: Step[]): void {
  const oracle: number[] = [];
  let next = 0;
  for (const step of steps) {
    switch (step.do) {
      case "push":
        for (let i = 0; i < step.times; i++) {
          queue.push(next);
          oracle.push(next++);
        }
        break;
      case "shift":
        for (let i = 0; i < step.times && oracle.length > 0; i++) assertEquals(queue.shift(), oracle.shift());
        break;
      case "at":
        if (oracle.length > 0) {
          assertEquals(queue.at(step.where % oracle.length), oracle[step.where % oracle.length]);
        }
        break;
      case "remove":
        if (oracle.length === 0) break;
        assertEquals(
          queue.removeAt(step.where % oracle.length),
          oracle.splice(step.where % oracle.length, 1)[0],
        );
        break;
      case "clear":
        queue.clear();
        oracle.length = 0;
    }
    assertEquals(queue.length, oracle.length);
  }
  for (let i = 0; i < oracle.length; i++) assertEquals(queue.at(i), oracle[i]);
  while (oracle.length > 0) assertEquals(queue.shift(), oracle.shift());
  assertEquals(queue.length, 0);
}

Deno.test("S20: a fifo is an array with push, shift, at and removal from the middle", () => {
  fc.assert(fc.property(fc.array(step, { maxLength: 60 }), (steps) => agrees(new Fifo(), steps)), {
    numRuns: 300,
  });
});

Deno.test("a mailbox is an array with push, shift, at and removal from the middle", () => {
  fc.assert(fc.property(fc.array(step, { maxLength: 60 }), (steps) => agrees(new Mailbox(), steps)), {
    numRuns: 300,
  });
});

Deno.test("S20: a fifo keeps its order at one block, one less and one more, again and again", () => {
  for (const size of [1, BLOCK_LENGTH - 1, BLOCK_LENGTH, BLOCK_LENGTH + 1, 3 * BLOCK_LENGTH]) {
    const queue = new Fifo<number>();
    for (let round = 0; round < 5; round++) {
      for (let i = 0; i < size; i++) queue.push(i);
      for (let i = 0; i < size; i++) assertEquals(queue.shift(), i);
      assertEquals(queue.length, 0);
    }
  }
});

Deno.test("a mailbox holds undefined and null as messages like others", () => {
  const mailbox = new Mailbox();
  for (const message of [undefined, null, 0, undefined]) mailbox.push(message);
  assertEquals(mailbox.length, 4);
  assertEquals([mailbox.shift(), mailbox.shift(), mailbox.removeAt(1), mailbox.shift()], [
    undefined,
    null,
    undefined,
    0,
  ]);
});
