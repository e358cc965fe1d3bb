import { assert, assertEquals, assertMatch } from "@std/assert";
import { Picture } from "../../trace/html.ts";
import type { TraceEvent } from "../../trace/read.ts";
import { findChromium, Page } from "../support/browser.ts";
import { withFolder } from "../support/folder.ts";

const chromium = findChromium();
const WHY = chromium === null
  ? " (ignored: no Chromium found, apt-get install chromium or set CHROME_PATH)"
  : "";

/** Two schedulers; on the first a slice from 0 to 40 ms and one from 60 to 100, on the second one from 50 to 55. */
function* trace(): Generator<TraceEvent> {
  const slice = (tid: number, name: string, fromMs: number, toMs: number): TraceEvent[] => [
    { ph: "B", name, ts: fromMs * 1000, pid: 1, tid, args: { pid: `<${tid}>`, at: "file:///a/b/app.ts:7" } },
    { ph: "E", ts: toMs * 1000, pid: 1, tid, args: { stopped: "Park", in: "receive" } },
  ];
  for (const tid of [1, 2]) {
    yield { ph: "M", name: "thread_name", ts: 0, pid: 1, tid, args: { name: `scheduler ${tid - 1}` } };
  }
  yield* slice(1, "first", 0, 40);
  yield { ph: "s", name: "message", cat: "arrow", id: 1, ts: 30_000, pid: 1, tid: 1 };
  yield* slice(2, "</script><b>second", 50, 55);
  yield { ph: "f", name: "message", cat: "arrow", id: 1, ts: 50_000, pid: 1, tid: 2 };
  yield { ph: "i", name: "panic", ts: 55_000, pid: 1, tid: 2, args: { pid: "<2>", actor: "second" } };
  yield* slice(1, "first", 60, 100);
  yield { ph: "C", name: "run queue 0", ts: 20_000, pid: 1, tid: 0, args: { length: 3 } };
  yield { ph: "C", name: "run queue 0", ts: 70_000, pid: 1, tid: 0, args: { length: 0 } };
}

/** The colour of the picture at a time and a distance from the top of the canvas, as four bytes. */
const pixel = (ms: number, y: number) =>
  `(() => { const c = document.getElementById("view"), r = devicePixelRatio;
    return [...c.getContext("2d").getImageData(X(${ms} * 1000) * r, ${y} * r, 1, 1).data]; })()`;
const FIRST_ROW = 24 + 28, SECOND_ROW = FIRST_ROW + 46; // below the names

Deno.test({
  name: `trace page: Chromium draws it, tells what the mouse is over, and zooms${WHY}`,
  ignore: chromium === null,
  fn: () =>
    withFolder({}, async (folder) => {
      const picture = new Picture();
      for (const event of trace()) picture.add(event);
      const path = `${folder}/t.html`;
      await Deno.writeTextFile(path, picture.page("a trace"));
      await using page = await Page.open(chromium!);
      await page.load(`file://${path}`);
      await page.drawn();
      assertEquals(page.errors, []);
      assertEquals(page.requests, [`file://${path}`]); // it is self-contained
      assertEquals(await page.evaluate("document.body.dataset.slices"), "3");
      assertEquals(await page.evaluate("document.querySelectorAll('b').length"), 0); // names are text

      // What is where
      const first = await page.evaluate(pixel(10, FIRST_ROW)),
        second = await page.evaluate(pixel(52, SECOND_ROW));
      assertEquals(await page.evaluate(pixel(90, FIRST_ROW)), first); // the same function, the same colour
      assert(`${first}` !== `${second}` && first[3] === 255 && second[3] === 255, `${first} ${second}`);
      assertEquals(await page.evaluate(pixel(47, FIRST_ROW)), [0, 0, 0, 0]); // nothing ran there
      const panic = await page.evaluate(pixel(55, 24 + 46 + 36));
      assert(panic[0] > 180 && panic[1] < 80, `${panic}`);
      const legend = await page.evaluate("document.getElementById('legend').textContent");
      assertMatch(legend, /first 80\.000 ms.*second 5\.000 ms.*panic/);

      // The mouse
      const at = async (ms: number, y: number) =>
        [
          await page.evaluate(`X(${ms} * 1000)`),
          await page.evaluate("document.getElementById('view').getBoundingClientRect().top") + y,
        ] as const;
      await page.move(...await at(70, FIRST_ROW));
      await page.drawn();
      const tip = await page.evaluate("document.getElementById('tip').textContent");
      assertMatch(tip, /^first <1>\n40\.000 ms at 60\.000 ms\nstopped by Park, receive\nb\/app\.ts:7$/);
      await page.wheel(...await at(52, SECOND_ROW), -1200);
      assertMatch(
        await page.evaluate("document.getElementById('span').textContent"),
        /^4\.979 ms of 100\.000 ms$/,
      );
      assertEquals(await page.evaluate("document.body.dataset.slices"), "1");
      assertEquals(await page.evaluate(pixel(52, SECOND_ROW)), second);
      const png = await page.picture();
      assertEquals([...png.subarray(1, 4)], [...new TextEncoder().encode("PNG")]);
      await page.evaluate("document.getElementById('view').dispatchEvent(new Event('dblclick'))");
      assertEquals(await page.evaluate("document.body.dataset.slices"), "3");
      assertEquals(page.errors, []);
    }),
});
