/**
 * Modules of Node's that few runs need, loaded when they are. The first one takes 4 to 7 ms of a thread's start,
 * `node:process` 7 to 12 (measured on Deno 2.9.6), and there are at least four threads.
 *
 * @module
 */
interface Builtins {
  "node:async_hooks": typeof import("node:async_hooks");
  "node:path": typeof import("node:path");
  "node:v8": typeof import("node:v8");
  "node:vm": typeof import("node:vm");
  "node:worker_threads": typeof import("node:worker_threads");
  "node:zlib": typeof import("node:zlib");
}

export function nodeBuiltin<Name extends keyof Builtins>(name: Name): Builtins[Name] {
  // deno-lint-ignore no-explicit-any
  return (globalThis as any).process.getBuiltinModule(name);
}
