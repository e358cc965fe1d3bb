/**
 * `self` as a name of the global object: Deno has it on its main thread and in Web Workers, but not in threads of
 * `node:worker_threads`, which schedulers of the other kind and the blocking pool are. Programs and libraries that
 * use it are to run there as well. Imported for its effect, before the program is.
 *
 * @module
 */
// deno-lint-ignore no-explicit-any
(globalThis as any).self ??= globalThis;
