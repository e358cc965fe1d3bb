import { assertEquals, assertMatch } from "@std/assert";
import { callerOf, findFunction } from "../../trace/locate.ts";

const FILES: Record<string, string> = {
  "file:///a/app.ts": `// comment: export function fake()
import { far as near } from "./far.ts";
export { far } from "./far.ts";
export { local as renamed, near };
export * from "./star.ts";
export { bare } from "bare";

export async function echo(self: Actor) {}
  export function* gen() {}
export const arrow = async () => {};
function local() {}
export default async function () {}
export const $odd = () => {};
`,
  "file:///a/far.ts": `\n\nexport function far() {}\n`,
  "file:///a/star.ts": `export const starred = function () {};\nexport * from "./app.ts";\n`,
};

const find = (name: string) => findFunction("file:///a/app.ts", name, (url) => FILES[url]);

Deno.test("locate: an exported function's line, however it is exported", () => {
  const expected: Record<string, string | undefined> = {
    echo: "file:///a/app.ts:8",
    gen: "file:///a/app.ts:9",
    arrow: "file:///a/app.ts:10",
    renamed: "file:///a/app.ts:11",
    default: "file:///a/app.ts:12",
    $odd: "file:///a/app.ts:13",
    far: "file:///a/far.ts:3",
    near: "file:///a/far.ts:3",
    starred: "file:///a/star.ts:1",
    bare: undefined, // an import map's business
    fake: undefined,
    none: undefined, // and modules that export each other end
  };
  for (const [name, at] of Object.entries(expected)) assertEquals([name, find(name)], [name, at]);
});

Deno.test("locate: a module that cannot be read has no lines", () => {
  assertEquals(findFunction("file:///none.ts", "f", () => undefined), undefined);
});

Deno.test("locate: the program's line that called is told", () => {
  assertMatch(callerOf()!, /\/locate_test\.ts:\d+:\d+$/);
});
