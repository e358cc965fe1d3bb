import { assert, assertEquals, assertMatch } from "@std/assert";
import { runSmarm } from "../cli/harness.ts";
import { checkTrace } from "../../trace/check.ts";
import { withFolder } from "../support/folder.ts";

const PROGRAM = new URL("programs/events.ts", import.meta.url).pathname;

// deno-lint-ignore no-explicit-any
type Any = any;

Deno.test("--trace: one of everything is in the file, with its arrows, counters, names and lines", async () => {
  await withFolder({}, async (folder) => {
    const { code, stderr } = await runSmarm(["--threads", "2", `--trace=${folder}/t.json`, PROGRAM]);
    assertEquals([code, stderr.replace(/^error: .*on purpose[^]*$/, "")], [0, ""]);
    const text = await Deno.readTextFile(`${folder}/t.json`);
    assertEquals(checkTrace(text).problems, []);
    const { traceEvents: events, otherData } = JSON.parse(text) as Any;
    assertEquals(otherData.recordsDropped, "0");
    assertEquals([...Deno.readDirSync(folder)].map((entry) => entry.name), ["t.json"]); // no raw records are left

    const instants = new Set(events.filter((e: Any) => e.ph === "i").map((e: Any) => e.name));
    for (
      const name of [
        ...["Enqueue", "Dequeue", "Resume", "Yield", "Park", "Done"],
        ...["UnparkDirect", "UnparkDeferred", "UnparkFlagConsumed"],
        ...["spawn", "send", "steal", "timer", "IO ready", "panic", "restart"],
      ]
    ) assert(instants.has(name), `${name} is missing among ${[...instants]}`);

    const counters = new Set(events.filter((e: Any) => e.ph === "C").map((e: Any) => e.name));
    for (const name of ["run queue 0", "live actors 1", "longest mailbox 1"]) {
      assert(counters.has(name), name);
    }
    const mailbox = events.filter((e: Any) => e.name === "longest mailbox 1").map((e: Any) =>
      e.args.messages
    );
    assert(Math.max(...mailbox) > 100, `${mailbox}`);
    assertEquals(mailbox.at(-1), 0);

    // Arrows by name and by whether they cross from one scheduler to the other
    const starts = new Map(events.filter((e: Any) => e.ph === "s").map((e: Any) => [e.id, e]));
    const arrows = new Set<string>();
    for (const end of events.filter((e: Any) => e.ph === "f")) {
      const start = starts.get(end.id) as Any;
      assert(end.ts >= start.ts, `arrow ${end.id} ends at ${end.ts}, before it begins at ${start.ts}`);
      arrows.add(`${end.name} ${start.tid === end.tid ? "here" : "across"}`);
    }
    for (
      const arrow of [
        ...[
          "message here",
          "call here",
          "call across",
          "reply across",
          "channel receive here",
          "channel across",
        ],
        ...["io here", "join here", "end across"],
      ]
    ) assert(arrows.has(arrow), `${arrow} is missing among ${[...arrows]}`);

    const computes = events.find((e: Any) => e.ph === "B" && e.name === "computes");
    assertMatch(computes.args.at, /\/events\.ts:\d+$/);
    const source = Deno.readTextFileSync(PROGRAM).split("\n");
    assertMatch(source[Number(computes.args.at.split(":").at(-1)) - 1], /function computes/);
  });
});
