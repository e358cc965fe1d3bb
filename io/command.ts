/**
 * Commands and signals, as actors see them.
 *
 * @module
 */
import type { WaitOptions } from "../runtime/api.ts";
import { whenAborted } from "../runtime/aborts.ts";
import type { ActorImpl } from "../runtime/actor.ts";
import { staysWithActor } from "../runtime/sendable.ts";
import type * as api from "./api.ts";
import type { Answering, IoClient } from "./client.ts";
import { ByteToken } from "./byte_token.ts";
import { blame } from "./errors.ts";
import { Token } from "./token.ts";

/** One end of a pipe to a child. */
export class Pipe extends ByteToken implements api.ChildInput, api.ChildOutput {
  readonly name: string;

  constructor(io: IoClient, id: number, name: string, given = 0) {
    super(io, id, given);
    this.name = name;
  }

  get label(): string {
    return `${this.name} ${this.id}`;
  }

  protected override endWriting(): void {
    this.close();
  }
}

export type ChildRecord = [id: number, pid: number, stdin: number, stdout: number, stderr: number];

export class Child extends Token implements api.Child {
  readonly pid: number;
  readonly command: string;
  readonly #pipes: (Pipe | null)[];
  #disobey: (() => void) | null = null;

  constructor(io: IoClient, id: number, pid: number, command: string, pipes: (Pipe | null)[], given = 0) {
    super(io, id, given);
    this.pid = pid;
    this.command = command;
    this.#pipes = pipes;
  }

  get label(): string {
    return `command ${this.id}`;
  }

  override describe(): string {
    return `command ${this.id} ${this.command}, process ${this.pid}`;
  }

  get pipes(): readonly (Pipe | null)[] {
    return this.#pipes;
  }

  override get parts(): readonly Token[] {
    return this.#pipes.filter((pipe) => pipe !== null);
  }

  get stdin(): Pipe {
    return this.#pipe(0, "stdin");
  }
  get stdout(): Pipe {
    return this.#pipe(1, "stdout");
  }
  get stderr(): Pipe {
    return this.#pipe(2, "stderr");
  }

  /** The poller closes the pipes with it; those that were given to another actor stay that one's. */
  override close(): void {
    for (const part of this.parts) {
      if (this.io.owners.holds(part) && part.holder === this.holder) part.close();
    }
    this.released();
    super.close();
  }

  /** As in Deno: when the signal is aborted, the command is told to end. */
  obey(signal: AbortSignal): void {
    this.#disobey = whenAborted(
      signal,
      () => this.io.postRequest(this.holder!, "kill", this.id, ["SIGTERM"]),
    );
  }

  override released(): void {
    this.#disobey?.();
    this.#disobey = null;
  }

  #pipe(index: number, name: string): Pipe {
    const pipe = this.#pipes[index];
    if (pipe !== null) return pipe;
    throw new TypeError(
      `Cannot get ${name} of ${this.command}: it is not "piped". Ask for it in the options`,
    );
  }

  async status(options?: WaitOptions): Promise<api.CommandStatus> {
    return await this.#operate("status", [], options) as api.CommandStatus;
  }

  async kill(signal: Deno.Signal = "SIGTERM"): Promise<void> {
    await this.#operate("kill", [signal], undefined);
  }

  async #operate(operation: string, args: unknown[], options: WaitOptions | undefined): Promise<unknown> {
    try {
      const label = `${operation} of ${this.describe()}`;
      return await this.io.operate(this.actor, label, options, operation, this.id, args);
    } catch (error) {
      throw blame(error);
    }
  }
}

const SPAWN: Answering = {
  revive: (io, actor, [id, pid, ...pipes]: ChildRecord, ticket) => {
    const tokens = pipes.map((pipe, index) => {
      if (pipe === 0) return null;
      const token = new Pipe(io, pipe, `child's ${["stdin", "stdout", "stderr"][index]}`);
      io.owners.hold(actor, token);
      return token;
    });
    const child = new Child(io, id, pid, ticket.subject as string, tokens);
    io.owners.hold(actor, child);
    return child;
  },
  opened: ([id]: ChildRecord) => [id], // the pipes go with it
};

export class Command implements api.Command {
  static {
    staysWithActor(this, "Command");
  }

  readonly #actor: ActorImpl;
  readonly #io: IoClient;
  readonly #command: string;
  readonly #options: Record<string, unknown>;
  readonly #wait: WaitOptions;

  constructor(actor: ActorImpl, io: IoClient, command: string, options: api.CommandOptions) {
    const { timeout, signal, args, ...others } = options;
    this.#actor = actor;
    this.#io = io;
    this.#command = command;
    this.#options = others;
    if (args !== undefined) this.#options.args = args.map(String);
    this.#wait = { timeout, signal };
  }

  async spawn(options?: WaitOptions): Promise<api.Child> {
    const child = await this.#run("spawn", SPAWN, options) as Child;
    if (this.#wait.signal !== undefined) child.obey(this.#wait.signal);
    return child;
  }

  async output(options?: WaitOptions): Promise<api.CommandOutput> {
    if (this.#options.stdin === "piped") {
      throw new TypeError(`Cannot pipe stdin with output(). Use spawn(), write to its stdin and close it`);
    }
    return await this.#run("output", {}, options) as api.CommandOutput;
  }

  async #run(operation: string, answering: Answering, options: WaitOptions = {}): Promise<unknown> {
    try {
      const command = this.#command;
      return await this.#io.operate(
        this.#actor,
        `${operation} of ${command}`,
        { ...this.#wait, ...options },
        operation,
        0,
        [command, this.#options],
        answering,
        undefined,
        command,
      );
    } catch (error) {
      throw blame(error);
    }
  }
}

const NEXT: Answering = { comesBack: (signal: Deno.Signal) => signal };

export class Signals extends Token implements api.SignalSubscription {
  readonly name: Deno.Signal;
  readonly #messages: boolean;

  constructor(io: IoClient, id: number, name: Deno.Signal, messages: boolean, given = 0) {
    super(io, id, given);
    this.name = name;
    this.#messages = messages;
  }

  get label(): string {
    return `${this.name} subscription`;
  }

  get comesAsMessages(): boolean {
    return this.#messages;
  }

  override get canWake(): boolean {
    return this.#messages;
  }

  async next(options?: WaitOptions): Promise<Deno.Signal> {
    if (this.#messages) throw new TypeError(`Cannot wait for ${this.name} here: it comes into the mailbox`);
    try {
      const { io, actor, id } = this;
      return await io.operate(actor, `signal ${this.name}`, options, "accept", id, [1], NEXT) as Deno.Signal;
    } catch (error) {
      throw blame(error);
    }
  }

  async *[Symbol.asyncIterator](): AsyncIterator<Deno.Signal> {
    try {
      for (;;) {
        let signal: Deno.Signal;
        try {
          signal = await this.next();
        } catch (error) {
          if (this.isClosed && (error as Error).name === "BadResource") return;
          throw error;
        }
        yield signal;
      }
    } finally {
      this.close();
    }
  }
}
