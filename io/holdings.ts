/** What the poller has open, by id, and what of it each actor owns. */
import type { PollerResource } from "./resource.ts";

export class Holdings {
  readonly #resources = new Map<number, PollerResource>();
  /** What an actor owns; nearly always it is one thing, which needs no set. */
  readonly #owned = new Map<number, PollerResource | Set<PollerResource>>();

  add(resource: PollerResource): void {
    this.#resources.set(resource.id, resource);
  }

  find(id: number): PollerResource | undefined {
    return this.#resources.get(id);
  }

  all(): PollerResource[] {
    return [...this.#resources.values()];
  }

  owners(): number[] {
    return [...this.#owned.keys()];
  }

  ownedBy(owner: number): PollerResource[] {
    const owned = this.#owned.get(owner);
    if (owned === undefined) return [];
    return owned instanceof Set ? [...owned] : [owned];
  }

  /** `owner` 0: nobody. */
  own(resource: PollerResource, owner: number): void {
    if (resource.owner === owner) return;
    this.#disown(resource);
    resource.owner = owner;
    if (owner === 0) return;
    const owned = this.#owned.get(owner);
    if (owned === undefined) this.#owned.set(owner, resource);
    else if (owned instanceof Set) owned.add(resource);
    else this.#owned.set(owner, new Set([owned, resource]));
  }

  #disown(resource: PollerResource): void {
    const owned = this.#owned.get(resource.owner);
    if (owned === resource) this.#owned.delete(resource.owner);
    else if (owned instanceof Set && owned.delete(resource) && owned.size === 0) {
      this.#owned.delete(resource.owner);
    }
  }

  forget(resource: PollerResource): void {
    this.#resources.delete(resource.id);
    this.#disown(resource);
  }
}
