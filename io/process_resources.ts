/**
 * Running commands, and signals of the OS, in the poller.
 *
 * @module
 */
import { type PollerHost, PollerResource, type Request } from "./resource.ts";
import { type Endpoint, StreamResource } from "./stream_resource.ts";

/** The pipe of a child, as an endpoint: its streams are read and written piece by piece. */
export function readingEnd(stream: ReadableStream<Uint8Array>): Endpoint {
  const reader = stream.getReader({ mode: "byob" });
  return {
    async read(into) {
      // A byte stream wants a buffer that it can detach, so the piece is copied.
      const { value, done } = await reader.read(new Uint8Array(into.length));
      if (done || value === undefined) return null;
      into.set(value);
      return value.length;
    },
    close() {
      reader.cancel().catch(() => {}); // the child has closed it already
    },
  };
}

export function writingEnd(stream: WritableStream<Uint8Array>): Endpoint {
  const writer = stream.getWriter();
  return {
    async write(bytes) {
      await writer.write(bytes);
      return bytes.length;
    },
    close() {
      writer.close().catch(() => {}); // the child has closed it already
    },
  };
}

export class ChildResource extends PollerResource {
  readonly #child: Deno.ChildProcess;
  readonly #pipes: StreamResource[];
  #status: Deno.CommandStatus | null = null;
  readonly #waiting: Request[] = [];

  constructor(id: number, host: PollerHost, child: Deno.ChildProcess, pipes: StreamResource[]) {
    super(id, host);
    this.#child = child;
    this.#pipes = pipes;
    child.status.then((status) => {
      this.#status = { ...status };
      for (const request of this.#waiting.splice(0)) this.host.done(request, this.#status);
    });
  }

  get label(): string {
    return `command ${this.id}`;
  }

  override operate(request: Request, operation: string, args: unknown[]): void {
    switch (operation) {
      case "status":
        if (this.#status !== null) this.host.done(request, this.#status);
        else this.#waiting.push(request);
        return;
      case "kill":
        try {
          if (this.#status === null) this.#child.kill(args[0] as Deno.Signal);
          this.host.done(request, null);
        } catch (error) {
          this.host.failed(request, error);
        }
        return;
      default:
        this.refuse(request, operation);
    }
  }

  override cancel(peer: number, number: number): boolean {
    const at = this.#waiting.findIndex((one) => one.number === number && one.peer === peer);
    if (at < 0) return false;
    this.host.cancelled(this.#waiting.splice(at, 1)[0]);
    return true;
  }

  protected override serve(): void {
    for (const request of this.asking.drain()) this.refuse(request, "read");
  }
  protected override takeBack(): void {}

  /** A command does not outlive its owner. What it has said is left to whoever was given the pipe. */
  protected override release(): void {
    for (const request of this.#waiting.splice(0)) this.host.failed(request, this.closedError());
    for (const pipe of this.#pipes) if (pipe.owner === this.owner) pipe.close();
    if (this.#status !== null) return;
    try {
      this.#child.kill("SIGKILL");
    } catch {
      // it ended just now
    }
  }
}

/** Signals that wait for a reader; the OS merges signals too. */
const MOST_SIGNALS = 64;

export class SignalResource extends PollerResource {
  readonly #name: Deno.Signal;
  readonly #arrived: Deno.Signal[] = [];
  readonly #tell: ((signal: Deno.Signal) => void) | null;
  #failure: unknown = null;
  readonly #listener = (): void => this.#came();

  /** With `tell` signals go there, else to whoever asks. */
  constructor(
    id: number,
    host: PollerHost,
    name: Deno.Signal,
    tell: ((signal: Deno.Signal) => void) | null,
  ) {
    super(id, host);
    this.#name = name;
    this.#tell = tell;
    try {
      Deno.addSignalListener(name, this.#listener);
    } catch (error) {
      this.#failure = error;
    }
  }

  get failure(): unknown {
    return this.#failure;
  }

  get label(): string {
    return `${this.#name} subscription`;
  }

  #came(): void {
    if (this.#tell !== null) this.#tell(this.#name);
    else if (this.#arrived.length < MOST_SIGNALS) {
      this.#arrived.push(this.#name);
      if (!this.isHeld) this.serve();
    }
  }

  protected override serve(): void {
    while (this.asking.first !== null && (this.#failure !== null || this.#arrived.length > 0)) {
      const request = this.asking.shift();
      if (this.#failure !== null) this.host.failed(request, this.#failure);
      else this.host.done(request, request.limit === 0 ? null : this.#arrived.shift());
    }
  }

  protected override takeBack(value: unknown): void {
    this.#arrived.unshift(value as Deno.Signal);
  }

  override operate(request: Request, operation: string): void {
    this.refuse(request, operation);
  }

  protected override release(): void {
    if (this.#failure === null) Deno.removeSignalListener(this.#name, this.#listener);
  }
}
