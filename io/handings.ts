/**
 * The poller's waiting room for requests that came before those of an earlier owner: early_requests.ts tells the race.
 *
 * @module
 */
import { type EarlyRecord, EarlyRequests } from "./early_requests.ts";
import { R_IO_CLAIM, R_IO_OWN, R_IO_RELEASE, R_IO_REQUEST, R_IO_SENT } from "./protocol.ts";
import type { PollerResource } from "./resource.ts";

/** How long news of a sender may be on its way, behind what fills its ring: guessed. */
const EARLY_MS = 5000;
/** A kept R_IO_SENT: who owns it was told at once, but what the sender asked for before waits. */
const SENT_BEFORE = -1;
/** Records that tell of handing over, and wait for nothing. */
const NEWS = [R_IO_OWN, R_IO_SENT, R_IO_CLAIM, R_IO_RELEASE];

export interface HandingsHost {
  /** Takes a record that has waited. */
  take(record: EarlyRecord): void;
  find(id: number): PollerResource | undefined;
  warn(text: string): void;
}

export class Handings {
  readonly #host: HandingsHost;
  /** By resource. */
  readonly #early = new Map<number, EarlyRequests>();
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(host: HandingsHost) {
    this.#host = host;
  }

  /** Keeps a record that has to wait; false when it has not. */
  keeps(record: EarlyRecord): boolean {
    if (this.#early.size === 0) return false;
    const { kind, target, payload } = record;
    if (NEWS.includes(kind)) return false;
    const id = kind === R_IO_REQUEST ? (payload as [string, number])[1] : target;
    return this.#early.get(id)?.keep(record) === true;
  }

  /** The sender's news; they wait where what it asked for before does. */
  sent(peer: number, resource: PollerResource, handing: number): void {
    const record = { peer, kind: SENT_BEFORE, target: resource.id, aux: handing, payload: null };
    if (this.#early.get(resource.id)?.keep(record) !== true) this.#wasSent(resource, handing);
  }

  /** The receiver's. */
  claimed(peer: number, resource: PollerResource, handing: number): void {
    const at = resource.unclaimed?.indexOf(handing) ?? -1;
    if (at >= 0) {
      resource.unclaimed!.splice(at, 1);
      return;
    }
    let early = this.#early.get(resource.id);
    if (early === undefined) this.#early.set(resource.id, early = new EarlyRequests());
    early.claimed(peer, handing);
    this.#timer ??= setTimeout(this.#giveUpOld, EARLY_MS);
  }

  /** All that the sender asked for has been taken in. */
  #wasSent(resource: PollerResource, handing: number): void {
    const early = this.#early.get(resource.id);
    if (early?.sent(handing) === true) this.#take(resource.id, early);
    else (resource.unclaimed ??= []).push(handing);
  }

  #take(id: number, early: EarlyRequests): void {
    for (let record = early.next(); record !== undefined; record = early.next()) {
      if (record.kind !== SENT_BEFORE) this.#host.take(record);
      else {
        const resource = this.#host.find(id);
        if (resource !== undefined) this.#wasSent(resource, record.aux);
      }
    }
    if (early.isEmpty && this.#early.get(id) === early) this.#early.delete(id);
  }

  readonly #giveUpOld = (): void => {
    this.#timer = undefined;
    for (const [id, early] of [...this.#early]) {
      if (performance.now() - early.since < EARLY_MS) {
        this.#timer ??= setTimeout(this.#giveUpOld, EARLY_MS);
        continue;
      }
      this.#host.warn(`resource ${id} was handed on, and its sender has not said so in ${EARLY_MS} ms`);
      this.giveUp(id);
    }
  };

  /** What is asked of something that is gone, or whose sender is, waits for no news. */
  giveUp(id: number): void {
    const early = this.#early.get(id);
    if (early === undefined) return;
    this.#early.delete(id);
    early.giveUp();
    this.#take(id, early);
  }

  giveUpAll(): void {
    for (const id of [...this.#early.keys()]) this.giveUp(id);
  }

  close(): void {
    clearTimeout(this.#timer);
  }
}
