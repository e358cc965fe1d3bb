import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { Config } from "smarm";
import { Runtime } from "../../runtime/runtime.ts";
import type { Branch, Node } from "./programs/model.ts";

const PROGRAM = new URL("./programs/random_tree.ts", import.meta.url);

const restart = fc.constantFrom("permanent" as const, "transient" as const, "temporary" as const);

function branch(depth: number): fc.Arbitrary<Omit<Branch, "id">> {
  const leaf = fc.record({ restart, isKilled: fc.boolean() });
  const child: fc.Arbitrary<object> = depth === 0
    ? leaf
    : fc.oneof({ weight: 3, arbitrary: leaf }, { weight: 1, arbitrary: branch(depth - 1) });
  return fc.record({
    restart,
    strategy: fc.constantFrom("one_for_one" as const, "one_for_all" as const, "rest_for_one" as const),
    intensity: fc.nat(2),
    children: fc.array(child as fc.Arbitrary<Node>, { minLength: 1, maxLength: 4 }),
  });
}

/** Every node gets an id of its own. */
function named(node: Omit<Node, "id">, id: string): Node {
  if (!("children" in node)) return { ...node, id } as Node;
  const children = (node as Branch).children.map((child, i) => named(child, `${id}${i}`));
  return { ...node, id, children } as unknown as Node;
}

const cases = fc.record({
  root: branch(2).map((root) => named(root, "r") as Branch),
  ends: fc.array(
    fc.record({
      which: fc.nat(20),
      way: fc.constantFrom("throw" as const, "throw" as const, "return" as const, "shutdown" as const),
    }),
    { maxLength: 12 },
  ),
});

for (const threads of [1, 2]) {
  Deno.test(`random trees start, restart, give up and stop as the model says, on ${threads} schedulers`, async () => {
    await fc.assert(
      fc.asyncProperty(cases, async (one) => {
        const runtime = new Runtime(Config.exact(threads), { write: () => {}, colors: false });
        const outcome = await runtime.run(PROGRAM, { args: [JSON.stringify(one)] });
        if (outcome.kind === "panic") throw outcome.error;
        assertEquals(outcome.value, "");
      }),
      { numRuns: Number(Deno.env.get("SMARM_RANDOM_TREES") ?? 12) },
    );
  });
}
