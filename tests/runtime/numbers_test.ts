import { assertEquals } from "@std/assert";
import { Numbers } from "../../runtime/numbers.ts";

Deno.test("numbers of questions begin again, and leave out those that are open", () => {
  const numbers = new Numbers(4);
  const open = new Map<number, string>();
  const take = () => {
    const number = numbers.next(open);
    open.set(number, "a question");
    return number;
  };
  assertEquals([take(), take(), take()], [1, 2, 3]);
  open.delete(1);
  open.delete(3);
  assertEquals([take(), take(), take()], [4, 1, 3]);
  open.delete(4);
  assertEquals(take(), 4);
});
