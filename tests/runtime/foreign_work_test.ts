/** What a program has open with Deno's own APIs can wake an actor: no run is called a deadlock while there is any. */
import { gives } from "../support/run_case.ts";
import { WAKER_NAMES } from "../support/cases.ts";

for (const kind of WAKER_NAMES) {
  Deno.test(`an actor that waits for a message from ${kind} is no deadlock`, async () => {
    await gives("wokenBy", kind, [1, 2], kind);
  });
}
