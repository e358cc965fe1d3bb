import { assert, assertEquals } from "@std/assert";
import { Config } from "../../smarm.ts";
import { inTempFolder, runMain, testAll } from "./helpers.ts";

const run = (name: string, threads: number | Config) =>
  inTempFolder((folder) => runMain("files.ts", [name, folder], threads));

/** Schedulers that can be ended leave all files to the poller. */
function testFiles(name: string, body: (threads: number | Config) => Promise<void>): void {
  testAll(name, body);
  Deno.test(`${name}, with 2 contained schedulers`, () =>
    body(Config.exact(2).contain().watchdogMillis(60_000)));
}

testFiles("S11: a file is written, read in pieces, sought and read by lines", async (threads) => {
  assertEquals(await run("roundTrip", threads), {
    text: "one\ntwo\r\nthree",
    first: "one",
    rest: "\ntwo\r\nthree",
    end: null,
    position: 4,
    lines: ["two", "three"],
    size: 14,
    closed: "BadResource",
  });
});

testFiles("folders are made, listed, renamed in and removed", async (threads) => {
  assertEquals(await run("folders", threads), {
    entries: ["b:folder", "y:file", "z:file"],
    size: 3,
    mtime: true,
    gone: true,
  });
});

testFiles("writes that nobody awaits are written in the order of asking", async (threads) => {
  assertEquals(await run("writes", threads), { counts: [1, 2, 200_000], between: "bb", all: "abbXcc" });
});

testFiles("reading ahead is not seen by seek and write", async (threads) => {
  assertEquals(await run("readAhead", threads), { wrong: 0, isWhere: true, written: 255 });
});

testFiles("big files travel whole, and a written array stays the writer's", async (threads) => {
  assertEquals(await run("big", threads), { mine: 3_000_000, back: 3_000_000, equal: true, piece: true });
});

testFiles(
  "what is written of a Buffer of node is what it was at the call, and it stays the writer's",
  async (threads) => {
    assertEquals(await run("ofNode", threads), []);
  },
);

for (const threads of [1, 2, 4]) {
  Deno.test(`a write that is given up while it is a scheduler's first operation is not done later, with ${threads} schedulers`, async () => {
    assertEquals(await run("firstGivenUp", threads), ["AbortError", "as it was"]);
  });
}

testFiles("a file goes to an actor whose module is still to be loaded", async (threads) => {
  assertEquals(await run("givenToAModule", threads), "still open");
});

testFiles("a file is its receiver's however deep it was nested, also in an error", async (threads) => {
  assertEquals(await run("nested", threads), ["still open"]);
});

testFiles("big pieces are written as they were when they were given", async (threads) => {
  assertEquals(await run("bigPieces", threads), { counts: true, wrong: 0 });
});

testFiles(
  "S17: an operation rejects with Deno's own error, and the user's line in its stack",
  async (threads) => {
    const told = await run("errors", threads);
    assert(told.line, "the stack names the user's file and line");
    assertEquals(told, {
      missing: true,
      code: "ENOENT",
      message: true,
      line: true,
      isFolder: "IsADirectory",
      exists: true,
      range: "RangeError",
    });
  },
);

Deno.test("a wrong argument rejects, as Deno's own functions do", async () => {
  const path = "TypeError: A path is a string or a file: URL, got";
  const options = "TypeError: self.io takes options as an object, got";
  assertEquals(await run("wrongArguments", 1), [
    ...new Array(3).fill(`${path} 42`),
    `${path} http://localhost/`,
    ...new Array(2).fill(`${path} 42`),
    ...new Array(3).fill(`${options} null`),
    `${options} 8080`,
    ...new Array(5).fill(`${options} null`),
  ]);
});

Deno.test("an option that no operation has is refused, with the one that was probably meant", async () => {
  const slip = 'has no option "timeoutMs". Did you mean timeout?';
  assertEquals(await run("slips", 1), [
    `TypeError: stat / ${slip}`,
    ...new Array(4).fill(`TypeError: self.io ${slip}`),
    `TypeError: blockingWith ${slip}`,
    "3",
  ]);
});

Deno.test("a file: URL with a lone percent sign names the file that Deno takes it for", async () => {
  await inTempFolder(async (folder) => {
    await Deno.writeTextFile(`${folder}/100%`, "");
    assertEquals(await runMain("files.ts", ["lonePercent", folder], 1), true);
  });
});

testFiles("lines go on where a loop on another scheduler has broken off", async (threads) => {
  assertEquals(await run("linesInTurns", threads), -1); // none is wrong, none is missing
});

testFiles("what nobody awaits is written in full although the run is over", async (threads) => {
  await inTempFolder(async (folder) => {
    await runMain("files.ts", ["notAwaited", folder], threads);
    const sizes = ["whole", "piece"].map((name) => Deno.statSync(`${folder}/${name}`).size);
    assertEquals(sizes, [30_000_000, 30_000_000]);
  });
});

testFiles("files are web streams for compression", async (threads) => {
  assertEquals(await run("streams", threads), { smaller: true, equal: true });
});

testFiles("a pipe into a file that fails closes the file", async (threads) => {
  assertEquals(await run("aborted", threads), { before: true, told: "no more", refused: "BadResource" });
});

Deno.test("a text is read as Deno reads it, with its byte order mark", async () => {
  assertEquals(await run("marked", 1), true);
});

testFiles("a loop over lines that breaks off gives the rest back", async (threads) => {
  assertEquals(await run("linesBrokenOff", threads), "ab|cd");
});

testFiles("a read sees what a file has grown by, though its end was read ahead before", async (threads) => {
  assertEquals(await run("grownAfterItsEnd", threads), 0);
});
