import { assertEquals } from "@std/assert";
import { runSmarm } from "../cli/harness.ts";

const CASES: [string, string[], string][] = [
  ["pingpong", ["n=10", "rounds=3"], 'There is no option "rounds" here: there is n, warm'],
  ["counting", ["windows=3"], 'There is no option "windows" here: there is n, warm, window'],
  ["idle", ["n=10"], 'There is no option "n" here: there is ms, timers'],
  ["threadring", ["a=many"], "Cannot use a=many: a takes a whole number"],
  ["threadring", ["100"], 'Cannot read the option "100": write it as name=value, such as n=1000'],
  ["payload", ["mode=moved"], "Cannot use mode=moved: write fresh, shared or transfer"],
];

for (const [bench, args, why] of CASES) {
  Deno.test(`the bench ${bench} refuses ${args.join(" ")} with one line`, async () => {
    const { code, stdout, stderr } = await runSmarm(["--threads", "1", `bench/peers/${bench}.ts`, ...args]);
    assertEquals({ code, stdout, stderr }, { code: 2, stdout: "", stderr: `error: ${why}\n` });
  });
}
