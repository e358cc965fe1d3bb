/**
 * Makes this thread one that can be stopped before any write to shared memory: all views of shared memory, and what
 * `Atomics` does with them, go through a hook. The runtime's own code knows nothing of it.
 *
 * When the point that the test has armed is reached, the thread waits there for ever, and the test ends it.
 *
 * @module
 */
import { parentPort } from "node:worker_threads";
import type { ToWorker } from "../../runtime/protocol.ts";
import type { SharedMemory } from "../../runtime/layout.ts";
import {
  ANY,
  ARMED,
  type Block,
  BLOCKS,
  HIT,
  LEFT,
  NAMELESS,
  NAMELESS_AT,
  PARK,
  POINT,
  pointAt,
  READY,
  VICTIM,
} from "./points.ts";

// deno-lint-ignore no-explicit-any
type Any = any;
const global = globalThis as Any;
const OriginalInt32Array = Int32Array;
const { load, store, wait, notify } = Atomics;

let memory: SharedMemory;
let plan: Int32Array;
let id = -1;
const blocks = new Map<unknown, Block>();
const rawOf = new WeakMap<object, Any>();

parentPort!.on("message", (message: ToWorker) => {
  if (message.type !== "init") return;
  memory = message.memory;
  id = message.id;
  plan = new OriginalInt32Array(memory.run);
  for (const block of BLOCKS) {
    for (const buffer of [memory[block]].flat()) blocks.set(buffer, block);
  }
});

function before(raw: Any, index: number): void {
  if (load(plan, ARMED) !== READY || plan[VICTIM] !== id) return;
  const wanted = plan[POINT];
  if (wanted !== ANY) {
    const byte = raw.byteOffset + index * raw.BYTES_PER_ELEMENT;
    const block = blocks.get(raw.buffer)!;
    const point = pointAt(memory, block, byte);
    if (point < 0) {
      plan[NAMELESS_AT] = BLOCKS.indexOf(block);
      plan[NAMELESS_AT + 1] = byte;
      store(plan, ARMED, NAMELESS);
    }
    if (point !== wanted) return;
  }
  if (plan[LEFT]-- > 0) return;
  store(plan, ARMED, HIT);
  notify(plan, ARMED);
  wait(plan, PARK, 0); // the test ends this thread here
}

const handler: ProxyHandler<Any> = {
  get(raw, key) {
    if (typeof key === "string" && key.charCodeAt(0) <= 57) return raw[key];
    const value = Reflect.get(raw, key, raw);
    if (typeof value !== "function" || key === "constructor") return value;
    return (...args: unknown[]) => {
      if (key === "set") before(raw, (args[1] as number | undefined) ?? 0);
      return value.apply(raw, args);
    };
  },
  set(raw, key, value) {
    before(raw, Number(key));
    raw[key] = value;
    return true;
  },
};

for (
  const name of ["Int32Array", "Uint32Array", "Float64Array", "Uint8Array", "Uint16Array", "BigInt64Array"]
) {
  global[name] = new Proxy(global[name], {
    construct(target, args, newTarget) {
      const raw = Reflect.construct(target, args, newTarget === global[name] ? target : newTarget);
      if (!blocks.has(args[0])) return raw;
      const view = new Proxy(raw, handler);
      rawOf.set(view, raw);
      return view;
    },
  });
}
for (const name of Object.getOwnPropertyNames(Atomics)) {
  const original = (Atomics as Any)[name];
  const writes = ["store", "add", "sub", "and", "or", "xor", "exchange", "compareExchange"].includes(name);
  (Atomics as Any)[name] = (view: object, index: number, ...rest: unknown[]) => {
    const raw = rawOf.get(view);
    if (raw === undefined) return original.call(Atomics, view, index, ...rest);
    if (writes) before(raw, index);
    return original.call(Atomics, raw, index, ...rest);
  };
}
