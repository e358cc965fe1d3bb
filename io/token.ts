/**
 * What an actor has of something open in the poller: a number that can be sent anywhere, and the operations on it.
 *
 * @module
 */
import type { ActorImpl } from "../runtime/actor.ts";
import type { Resource } from "./api.ts";
import type { IoClient } from "./client.ts";
import { R_IO_CLOSE } from "./protocol.ts";

export abstract class Token implements Resource {
  readonly id: number;
  /** How often it was given to another actor. */
  given: number;
  /** The handing-over by which it came from another scheduler. */
  handing = 0;
  readonly #io: IoClient;
  /** Who has it on this scheduler; used where the running code cannot be told from whose it is. */
  holder: ActorImpl | null = null;
  isClosed = false;

  constructor(io: IoClient, id: number, given = 0) {
    this.#io = io;
    this.id = id;
    this.given = given;
  }

  /** `conn 7`, as waits and errors name it. */
  abstract get label(): string;

  /** For the dump: `conn 7 127.0.0.1:4000`. */
  describe(): string {
    return this.label;
  }

  /** What goes with it to another actor. */
  get parts(): readonly Token[] {
    return [];
  }

  /** Whether it can send messages to its owner. */
  get canWake(): boolean {
    return false;
  }

  /** Whoever had it has ended, and it with that one. */
  released(): void {}

  /** Something that nobody waited for has failed. */
  broke(_error: Error): void {}

  get io(): IoClient {
    return this.#io;
  }

  /** The actor that runs now. */
  get actor(): ActorImpl {
    return this.#io.owners.actorFor(this);
  }

  close(): void {
    if (this.isClosed) return;
    this.isClosed = true;
    this.#io.owners.drop(this);
    this.#io.post(R_IO_CLOSE, this.id, 0, null);
  }

  [Symbol.dispose](): void {
    this.close();
  }

  [Symbol.for("Deno.customInspect")](): string {
    return `${this.constructor.name} ${this.describe()}`;
  }
}

/** The address as people write it. */
export function formatAddr(addr: Deno.Addr): string {
  if ("path" in addr) return addr.path ?? "unnamed"; // that of a client has none
  if ("hostname" in addr) {
    return addr.hostname.includes(":") ? `[${addr.hostname}]:${addr.port}` : `${addr.hostname}:${addr.port}`;
  }
  return addr.transport;
}
