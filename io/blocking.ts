/**
 * `self.blocking`: an exported function runs on the pool's threads, the actor waits.
 *
 * Arguments and result go by a message port straight between this scheduler and the pool's thread, so that nothing is
 * copied twice; the poller only carries the order and the news that it is done. The result was posted before that news was,
 * so whoever has the news finds the result.
 *
 * @module
 */
import type { WaitOptions } from "../runtime/api.ts";
import type { ActorImpl } from "../runtime/actor.ts";
import type { Answering, IoClient, Ticket } from "./client.ts";
import { BLOCKING, checkOptions, WAIT_OPTIONS } from "../runtime/wait.ts";
import { unpackOutcome } from "../runtime/wire.ts";
import { Category, checkSendable, NotSendableError } from "../runtime/sendable.ts";
import { notExported } from "../runtime/targets.ts";
import { checkList, checkTransfer } from "../runtime/transfer.ts";
import type { JobResult } from "./blocking_protocol.ts";
import { blame } from "./errors.ts";
import { receiveMessageOnPort } from "node:worker_threads";
import * as waiting from "../runtime/waiting.ts";

export interface BlockingOptions extends WaitOptions {
  /** Moved to the function instead of copied. */
  readonly transfer?: Transferable[];
}

const BLOCKING_OPTIONS: readonly string[] = [...WAIT_OPTIONS, "transfer"];

const RUN: Answering = {
  waitKind: BLOCKING,
  revive: (_io, _actor, _value: unknown, ticket: Ticket) => {
    // deno-lint-ignore no-explicit-any
    const found = receiveMessageOnPort(ticket.subject as any) as { message: JobResult } | undefined;
    if (found === undefined) throw new Error("the result of a blocking function was lost");
    const outcome = unpackOutcome(found.message);
    if (outcome.kind === "panic") throw outcome.error;
    return outcome.value;
  },
  over: (ticket) => (ticket.subject as MessagePort).close(),
};

/** What structured clone would make an empty object of without a word: what is the runtime's, or of no plain kind. */
function refuse(io: IoClient, arg: unknown, path: string, transfer: ReadonlySet<unknown>): void {
  if (typeof arg !== "object" || arg === null || transfer.has(arg)) return;
  const { category } = io.s.remote.classes.classify(arg);
  if (category === Category.Refused) checkSendable(arg, path);
  if (category !== Category.Special) return;
  throw new NotSendableError(path, "only an actor can use it. Give the function data, or the path of a file");
}

export async function blocking(
  io: IoClient,
  actor: ActorImpl,
  options: BlockingOptions | undefined,
  target: unknown,
  args: unknown[],
): Promise<unknown> {
  if (typeof target !== "function") {
    throw new TypeError(`blocking needs a function, got ${Deno.inspect(target, { depth: 0 })}`);
  }
  const { module, exportName, name } = io.s.targets.describe(target);
  if (module === null) {
    throw new TypeError(
      `Cannot run "${name}" in the blocking pool: ${notExported(name)}, so that another thread finds it`,
    );
  }
  const refused = waiting.refuse(actor, "blocking");
  if (refused !== null) return refused;
  checkOptions(options, "blockingWith", BLOCKING_OPTIONS);
  if (options?.transfer !== undefined) checkList(options.transfer, "blockingWith");
  const transfer = new Set<unknown>(options?.transfer);
  for (let i = 0; i < args.length; i++) refuse(io, args[i], `args[${i}]`, transfer);
  if (transfer.size > 0) { // before anything is moved
    checkSendable(args, "args", { transfer });
    checkTransfer(options!.transfer!);
  }
  const { port1, port2 } = new MessageChannel();
  try {
    port1.postMessage(args, options?.transfer ?? []);
  } catch (error) {
    port1.close();
    checkSendable(args, "args", { transfer });
    throw new NotSendableError("args", (error as Error).message, { cause: error });
  }
  try {
    return await io.operate(
      actor,
      name,
      options && { timeout: options.timeout, signal: options.signal },
      "blocking",
      0,
      [module, exportName, port2],
      RUN,
      [port2],
      port1,
    );
  } catch (error) {
    throw blame(error);
  }
}
