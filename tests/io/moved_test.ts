import { assertEquals } from "@std/assert";
import { inTempFolder, runMain, testAll } from "./helpers.ts";

testAll(
  "a subscription to signals goes with an actor that is stolen, and its giver's run ends",
  async (threads) => {
    assertEquals(await runMain("moved.ts", ["subscription"], threads), true);
  },
);

Deno.test("a file that comes to where an actor is to live before the actor itself is that one's", async () => {
  await inTempFolder(async (folder) => {
    const path = `${folder}/lent`;
    await Deno.writeTextFile(path, "still open");
    assertEquals(await runMain("moved.ts", ["early", path], 3), new Array(40).fill("still open"));
  });
});

testAll(
  "a file in an outcome stays that of the actor that it was given to, and ends with it",
  async (threads) => {
    await inTempFolder(async (folder) => {
      const path = `${folder}/given`;
      await Deno.writeTextFile(path, "");
      const wanted = new Array(threads ** 2).fill("open, then closed");
      assertEquals(await runMain("moved.ts", ["outcomes", path], threads), wanted);
    });
  },
);
