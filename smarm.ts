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
export type { RunOptions } from "./runtime/run.ts";
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
  Handlers,
  Reply,
  Result,
  Server,
  ServerSpec,
  Started,
  Tail,
} from "./supervisor/server.ts";
export { statem } from "./supervisor/statem.ts";
export type {
  At,
  Keys,
  Machine,
  MachineClient,
  MachineHandlers,
  Merged,
  Part,
  Statem,
  StatemSpec,
  StateSpec,
} from "./supervisor/statem.ts";
export { pool } from "./supervisor/pool.ts";
export type { PoolOptions } from "./supervisor/pool.ts";
export type {
  Arguments,
  ChildBase,
  ChildCount,
  ChildInfo,
  ChildSpec,
  ChildTarget,
  ManyHandle,
  ManySpec,
  Restart,
  Shutdown,
  Strategy,
  SupervisorBase,
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
  LogRecord,
  MonitorRef,
  OnFull,
  Outcome,
  Pid,
  ReplyOf,
  RequestOf,
  RuntimeStats,
  SchedulerStats,
  Selected,
  SelectedFrom,
  SelectSource,
  Signal,
  Signals,
  SpawnOptions,
  TimerRef,
  Unfrozen,
  WaitOptions,
} from "./runtime/api.ts";

export type {
  Child,
  ChildInput,
  ChildOutput,
  Command,
  CommandOptions,
  CommandOutput,
  CommandStatus,
  Conn,
  ConnectOptions,
  DatagramConn,
  File,
  Input,
  Io,
  Listener,
  ListenOptions,
  Output,
  Resource,
  SignalMessage,
  SignalSubscription,
  Sink,
  Source,
  TlsOptions,
  Writable,
  WriteFileOptions,
} from "./io/api.ts";

import { runCommandLine } from "./main.ts";

if (import.meta.main) await runCommandLine(Deno.args);
