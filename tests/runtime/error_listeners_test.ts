/** What the program's own listeners of `error` throw ends neither a scheduler nor the run. */
import { assertEquals, assertStringIncludes } from "@std/assert";
import { Config } from "../../runtime/config.ts";
import { quietRuntime, withDeadline } from "../support/run_case.ts";
import { NAMES } from "./programs/error_listeners.ts";

const PROGRAM = new URL("./programs/error_listeners.ts", import.meta.url);

for (const kind of NAMES) {
  Deno.test(`an error that a listener throws while another one is told harms nobody: ${kind}`, async () => {
    const { runtime, told } = quietRuntime(Config.exact(1));
    const outcome = await withDeadline(runtime, runtime.run(PROGRAM, { args: [kind] }), kind);
    assertEquals(outcome, { kind: "exit", value: ["first", "first"] });
    if (kind === "one that was removed") assertEquals(told, []);
    else assertStringIncludes(told.join("\n"), "Error: second");
  });
}
