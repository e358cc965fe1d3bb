/**
 * smarm: actors for Deno on all cores. Run a program with `deno run -A smarm.ts app.ts`, or from your own code:
 *
 * @example
 * ```ts ignore
 * import { Config, init } from "smarm";
 * const runtime = init(Config.exact(2));
 * const outcome = await runtime.run(new URL("./app.ts", import.meta.url));
 * ```
 *
 * @module
 */
export { Config } from "./runtime/config.ts";
export type { LogLevel, PlainConfig } from "./runtime/config.ts";
export { init, Runtime } from "./runtime/runtime.ts";
export type { RunOptions } from "./runtime/runtime.ts";
export { ROOT_PID } from "./runtime/pid.ts";
export {
  AlreadyRunningError,
  ChannelClosedError,
  DeadActorError,
  DeadlockError,
  ExitError,
  HaltedError,
  LoadError,
  MailboxFullError,
  NameTakenError,
  SlotLimitError,
  StoppedError,
  TimeoutError,
} from "./runtime/errors.ts";
export { NotSendableError } from "./runtime/sendable.ts";
export { run } from "./main.ts";
export type {
  Actor,
  ActorFunction,
  Address,
  AnyAddress,
  Call,
  Channel,
  ChannelReceiver,
  ChannelSender,
  Down,
  Exit,
  Handle,
  Log,
  MonitorRef,
  OnFull,
  Outcome,
  Pid,
  ReplyOf,
  RequestOf,
  RuntimeStats,
  SchedulerStats,
  SpawnOptions,
  TimerRef,
  WaitOptions,
} from "./runtime/api.ts";

import { runCommandLine } from "./main.ts";

if (import.meta.main) await runCommandLine(Deno.args);
