import { assertEquals } from "@std/assert";
import { runSmarm } from "../cli/harness.ts";

const kinds = new URL("programs/kinds.ts", import.meta.url).pathname;

Deno.test("numbers from another scheduler are of the kind for V8 that they were there", async () => {
  const { code, stdout, stderr } = await runSmarm(["--threads", "2", kinds], {
    denoArgs: ["-A", "--v8-flags=--allow-natives-syntax"],
  });
  assertEquals([code, stderr], [0, ""]);
  assertEquals(stdout.trimEnd().split("\n"), [
    "an argument: small integers",
    "anything of string, string",
    "small integers of small integers, small integers",
    "anything of numbers, small integers, string",
    "numbers of numbers, numbers",
    "anything of small integers, numbers, string",
    "anything of object, small integers",
  ]);
});

Deno.test("an array that was sent stays of its kind for V8, and so does what is made where it was", async () => {
  const program = new URL("programs/sent_kinds.ts", import.meta.url).pathname;
  const { code, stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-check", "--v8-flags=--allow-natives-syntax", program],
  }).output();
  assertEquals(code, 0);
  assertEquals(new TextDecoder().decode(stdout).trimEnd().split("\n"), [
    "anything, then anything",
    "small integers, then small integers",
    "numbers, then numbers",
  ]);
});
