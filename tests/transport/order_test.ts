import { assertEquals } from "@std/assert";
import { deadline } from "@std/async/deadline";
import { Config } from "../../runtime/config.ts";
import { Runtime } from "../../runtime/runtime.ts";
import { SMALLEST_RING_BYTES } from "../../runtime/ring.ts";

const PROGRAM = new URL("./order_program.ts", import.meta.url);
/** More by hand: `SMARM_ORDER_ROUNDS=2000 deno task test tests/transport/order_test.ts`. */
const ROUNDS = Number(Deno.env.get("SMARM_ORDER_ROUNDS") ?? 60);
const FIRST_SEED = Number(Deno.env.get("SMARM_ORDER_SEED") ?? 1);

async function run(schedulers: number, ringBytes: number | undefined): Promise<void> {
  const runtime = new Runtime(Config.exact(schedulers), undefined, { ringBytes });
  const outcome = await deadline(
    runtime.run(PROGRAM, { args: [String(FIRST_SEED), String(ROUNDS)] }),
    60_000 + ROUNDS * 1000,
  );
  if (outcome.kind === "panic") throw outcome.error;
  console.log(`      ${schedulers} schedulers, rings of ${ringBytes ?? "the real size"}: ${outcome.value}`);
  assertEquals(runtime.stats().live, 0);
}

for (const schedulers of [1, 2, 4, 8]) {
  for (const ringBytes of [SMALLEST_RING_BYTES, undefined]) {
    const size = ringBytes === undefined ? "of the real size" : "of a few records";
    Deno.test(`M9: from one actor to another nothing is lost, doubled or overtaken, with ${schedulers} schedulers and rings ${size}`, () =>
      run(schedulers, ringBytes));
  }
}
