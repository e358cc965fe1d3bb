import { assert, assertEquals, assertStrictEquals } from "@std/assert";
import { Targets } from "../../runtime/targets.ts";

const APP = "file:///app.ts";
const LIB = "file:///lib.ts";

Deno.test("an exported function is known by its module and export, a function that is not exported by its name alone", () => {
  const targets = new Targets();
  const child = () => {};
  targets.register(APP, { child, notAFunction: 5 });
  assertEquals({ ...targets.describe(child), nameId: 0 }, {
    name: "child",
    nameId: 0,
    module: APP,
    exportName: "child",
    inEntry: true,
    shortness: 0,
    staying: 0,
  });
  assertStrictEquals(targets.find(APP, "child"), child);
  assertStrictEquals(targets.entry(targets.describe(child).nameId)[0], child);

  const closure = targets.describe(function local() {});
  assertEquals([closure.name, closure.module], ["local", null]);
  assertEquals(targets.describe(() => {}).name, "anonymous");
});

Deno.test("a function that two modules export, or one module twice, is the one that was registered first", () => {
  const targets = new Targets();
  const shared = () => {};
  targets.register(APP, { shared, again: shared });
  targets.register(LIB, { shared });
  assertEquals([targets.describe(shared).module, targets.describe(shared).exportName], [APP, "shared"]);
  assertStrictEquals(targets.find(LIB, "shared"), shared, "and it is found under every name");
  assertStrictEquals(targets.find(APP, "again"), shared);
});

Deno.test("a default export is shown by the function's own name", () => {
  const targets = new Targets();
  const named = { default: function counter() {} };
  targets.register(APP, named);
  assertEquals(targets.describe(named.default).name, "counter");
  assertEquals(targets.describe(named.default).exportName, "default");
});

Deno.test("nothing is found in a module that is not loaded here", () => {
  const targets = new Targets();
  assertEquals(targets.find(APP, "main"), undefined);
  assert(!targets.isLoaded(APP));
  targets.register(APP, {});
  assert(targets.isLoaded(APP));
  assertEquals(targets.find(APP, "main"), undefined);
});

Deno.test("each name is told once, with the number that stands for it in shared memory", () => {
  const told: [number, string][] = [];
  const targets = new Targets((id, name) => told.push([id, name]));
  const child = () => {};
  targets.register(APP, { child });
  targets.describe(child);
  const first = targets.describe({ name: "local" });
  assertStrictEquals(targets.describe({ name: "local" }), first, "closures of one name share a target");
  assertEquals(told, [[0, "child"], [1, "local"]]);
});

Deno.test("names that closures are given without end are kept up to a bound, and each still has its own", () => {
  const told: [number, string][] = [];
  const targets = new Targets((id, name) => told.push([id, name]), 2);
  const described = ["a", "b", "c", "d", "a"].map((name) => targets.describe({ name }));
  assertEquals(described.map(({ name }) => name), ["a", "b", "c", "d", "a"]);
  assertEquals(described.map(({ nameId }) => nameId), [0, 1, 2, 2, 0]);
  assertEquals(told, [[0, "a"], [1, "b"], [2, "closure"]]);
});
