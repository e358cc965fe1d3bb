/**
 * Files at home on the schedulers that have opened them (io/home_file.ts), and on their way to the poller.
 *
 * @module
 */
import { assertEquals, assertStringIncludes } from "@std/assert";
import { inTempFolder, runMain, testAll } from "./helpers.ts";
import { byteAt } from "./programs/journey_bytes.ts";
import { runSmarm } from "../cli/harness.ts";

const PROGRAM = "home_files.ts";

const inFile = (body: (path: string) => Promise<void>) => inTempFolder((folder) => body(`${folder}/file`));

testAll(
  "a file is at home where it was opened, until another scheduler has to do with it",
  (threads) =>
    inFile(async (path) => {
      assertEquals(await runMain(PROGRAM, ["places", path], threads), [true, true, threads === 1]);
    }),
);

for (const moved of ["stay", "remove", "rename"]) {
  const what =
    { stay: "its path is as it was", remove: "its path is another's", rename: "it has another path" }[moved];
  testAll(
    `a file that is handed on is read on where its reader was when ${what}`,
    (threads) =>
      inFile(async (path) => {
        assertEquals(await runMain(PROGRAM, ["position", path, moved], threads), [20, 20, 20, 20, 20]);
      }),
  );
}

for (const threads of [1, 2, 4, 8]) {
  Deno.test(`what was asked before a file was handed on comes first, with ${threads} schedulers`, () =>
    inFile(async (path) => {
      assertEquals(await runMain(PROGRAM, ["pending", path], threads), true);
    }));
}

testAll(
  "what was being read ahead of an actor that computes on holds up nobody who gets the file",
  (threads) =>
    inFile(async (path) => {
      assertEquals(await runMain(PROGRAM, ["busy", path], threads), "both went on");
    }),
);

Deno.test({
  name: "a named pipe stays in the poller: it cannot be opened a second time",
  ignore: Deno.build.os === "windows",
  fn: () =>
    inFile(async (path) => {
      assertEquals(await runMain(PROGRAM, ["pipe", path], 2), [false, "through\n"]);
    }),
});

testAll(
  "what was written to a file is there when its writer, or the run, has ended",
  (threads) =>
    inFile(async (path) => {
      await runMain(PROGRAM, ["ends", path], threads);
      for (const file of [`${path}.ended`, `${path}.last`, `${path}.killed`]) {
        const bytes = await Deno.readFile(file);
        if (file !== `${path}.killed`) assertEquals(bytes.length, 500_000);
        assertEquals(bytes.findIndex((byte, i) => byte !== byteAt(1, i)), -1);
      }
      if (Deno.build.os !== "linux") return;
      const open = [...Deno.readDirSync("/proc/self/fd")].map(({ name }) => {
        try {
          return Deno.readLinkSync(`/proc/self/fd/${name}`);
        } catch {
          return ""; // the descriptor of the folder itself
        }
      });
      assertEquals(open.filter((name) => name.startsWith(path)), []);
    }),
);

Deno.test("whoever gets a file that cannot be opened a second time is told so", () =>
  inFile(async (path) => {
    const { stdout, code } = await runSmarm(
      ["--threads", "2", new URL(`./programs/${PROGRAM}`, import.meta.url).pathname, "lost", path],
      { denoArgs: ["--allow-read", "--allow-write", "--allow-env", "--allow-sys"] },
    );
    assertEquals(code, 0);
    assertStringIncludes(stdout, "cannot be handed on: PATH cannot be opened a second time");
  }));

Deno.test("a file that was opened by a relative path is handed on from another folder", () =>
  inFile(async (path) => {
    const { stdout, code } = await runSmarm(
      ["--threads", "2", new URL(`./programs/${PROGRAM}`, import.meta.url).pathname, "relative", path],
      { denoArgs: ["--allow-read", "--allow-write", "--allow-env", "--allow-sys"] },
    );
    assertEquals([stdout, code], ["16384\n", 0]);
  }));

for (const first of ["file", "module"]) {
  const does = first === "file" ? "opens the first file" : "has a module loaded";
  Deno.test(`who ${does} is not ended by what another actor leaves behind`, () =>
    inFile(async (path) => {
      const program = new URL(`./programs/${PROGRAM}`, import.meta.url).pathname;
      const { stdout, stderr, code } = await runSmarm(["--threads", "1", program, "blame", path, first]);
      assertStringIncludes(stderr, "error: Uncaught outside of any actor: Error: left behind");
      assertEquals([stdout, code], ["exit\n", 0]);
    }));
}

Deno.test({
  name: "files are handed on where few descriptors are left: each waits for one",
  ignore: Deno.build.os === "windows",
  fn: () =>
    inFile(async (path) => {
      const [runner, program] = ["../../smarm.ts", `./programs/${PROGRAM}`]
        .map((one) => new URL(one, import.meta.url).pathname);
      const run = `ulimit -n 200; exec deno run -A ${runner} --threads 2 ${program} many ${path} 120`;
      const { stdout, code } = await new Deno.Command("sh", { args: ["-c", run] }).output();
      assertEquals([new TextDecoder().decode(stdout), code], ["all written\n", 0]);
      for (let i = 0; i < 120; i++) assertEquals(await Deno.readTextFile(`${path}.${i}`), "before, after");
    }),
});
