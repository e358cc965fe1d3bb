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
  SupervisorError,
  TimeoutError,
} from "./runtime/errors.ts";
export { NotSendableError } from "./runtime/sendable.ts";
export { run } from "./main.ts";
export { server } from "./supervisor/server.ts";
export type {
  Client,
  ClientOptions,
  Context,
  Reply,
  Server,
  ServerSpec,
  Started,
} from "./supervisor/server.ts";
export { statem } from "./supervisor/statem.ts";
export type { Machine, MachineClient, StateSpec, Statem, StatemSpec } from "./supervisor/statem.ts";
export { pool } from "./supervisor/pool.ts";
export type { PoolOptions } from "./supervisor/pool.ts";
export type {
  ChildCount,
  ChildInfo,
  ChildSpec,
  ManyHandle,
  ManySpec,
  Restart,
  Shutdown,
  Strategy,
  SupervisorHandle,
  SupervisorSpec,
} from "./supervisor/spec.ts";
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
  Group,
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
  Signal,
  Signals,
  Selected,
  SelectedFrom,
  SelectSource,
  SpawnOptions,
  TimerRef,
  WaitOptions,
} from "./runtime/api.ts";

export type {
  Child,
  Command,
  Conn,
  DatagramConn,
  File,
  Io,
  Listener,
  Resource,
} from "./io/api.ts";

import { runCommandLine } from "./main.ts";

if (import.meta.main) await runCommandLine(Deno.args);
