/**
 * How actors that have not begun get to schedulers that have nothing to do (M2, M9).
 *
 * Three ways, from cheap to dear: a new actor is *offered* in shared memory, where an idle scheduler takes it without
 * asking, even while its spawner computes on; an idle scheduler *steals* from the injector, then half of what a random
 * victim offers; and a scheduler that is busy *gives away* actors that cannot be offered, those with many messages
 * waiting, with links or names, when it looks at the clock and somebody is idle.
 *
 * @module
 */
import type { ActorImpl } from "./actor.ts";
import { type HandleImpl, handleOf } from "./handle.ts";
import { DONE } from "./actor_state.ts";
import type { Pid } from "./api.ts";
import type { Scheduler } from "./scheduler.ts";
import { AT_HOME, SETTLED } from "./offer_states.ts";
import { MANY_STAY } from "./placement.ts";
import type { Extras } from "./extras.ts";
import { Fifo } from "./fifo.ts";
import { NO_MAIL } from "./mailbox.ts";
import { type Claim, Offers, Thief } from "./offers.ts";
import { Xoroshiro128 } from "./rng.ts";
import { adoptStolen } from "./spawn.ts";
import { NotSendableError, type ObjectClasses } from "./sendable.ts";
import {
  CURRENT_KEY,
  EPOCH,
  HUNGRY,
  LIVE,
  MISSED,
  NO_ACTOR,
  PEER_WORDS,
  RUN_QUEUE_LENGTH,
  TAKEN_AWAY,
} from "./layout.ts";
import { birthOf } from "./pid.ts";
import type { SpawnRecord } from "./protocol.ts";

/** Numbers of Mycelium's `try_steal`. */
export const MAX_STEAL_ATTEMPTS = 16;
export const MAX_STOLEN_PER_TICK = 256;

/**
 * For so long two schedulers share what comes: neither takes so much that it has gained more actors than the other. Longer
 * than a spawner takes to spawn a team, also one that has to wait for a core meanwhile: with 5 ms, on a busy machine, one
 * scheduler began all of 80 actors. Those that end soon are no gain, and hold nobody back.
 */
export const SHARING_MS = 50;

/** A scheduler that has work takes more where so many times what it has less is as much as another has. */
const WORTH_IT = 8;

/**
 * Only a shorter run queue is worth a look at how long others' are: that of the schedulers that share half a million actors
 * differ by thousands at all times, and to move these to and fro took longer than to run them.
 */
const FEW_QUEUED = 64;

/** How often others are looked at: the length of another's run queue is in a cache line that its owner writes. */
const BALANCE_MS = 0.05;

/** By so many actors that have begun an idle scheduler is behind when it gets the next that comes alone. */
const WORTH_A_MOVE = 2;

/** So many that stay are spawned on the same scheduler before the next one is chosen. */
const TOGETHER = 8;

/** How many actors two schedulers had, less those in their run queues, when they began to share. */
interface Shared {
  since: number;
  mine: number;
  theirs: number;
}

/** How many actors of a scheduler are not in its run queue. Those that a thief has, unnoticed by it, count in both. */
function unqueuedOn(words: Int32Array, id: number): number {
  return words[id * PEER_WORDS + LIVE] - words[id * PEER_WORDS + RUN_QUEUE_LENGTH];
}

export class WorkSharing {
  readonly #s: Scheduler;
  readonly #offers: Offers;
  readonly #thief: Thief;
  readonly #random: Xoroshiro128;
  /** How many actors are at home and may be given away. */
  #atHome = 0;
  /** They, in the order of the run queue, and some that have begun since. Searching the run queue took 58 µs a spawn. */
  readonly #home = new Fifo<HandleImpl>();
  readonly #shared: Shared[] = [];
  /** The epoch of each scheduler when it was last given something. */
  readonly #givenAt: number[] = [];
  /** When {@link giveOffered} last looked at another's run queue: its length is in a cache line that its owner writes. */
  #lookedMs = -1;
  /** An actor is being written, whose getters may look at the clock. */
  #giving = false;

  constructor(s: Scheduler, classes: ObjectClasses) {
    this.#s = s;
    this.#offers = new Offers(s.memory, s.id, classes, s.remote.clock);
    this.#thief = new Thief(s.memory, s.id, classes, s.remote.clock);
    this.#random = new Xoroshiro128(s.id + 1);
  }

  /** A thief was faster, as has just been noticed. */
  wasStolen(actor: ActorImpl): void {
    this.#s.words[this.#s.base + MISSED]++;
    this.#offers.count--;
    this.#forget(actor);
  }

  /** It lives elsewhere: what is left here is the handle. */
  #forget(actor: ActorImpl): void {
    const s = this.#s;
    actor.state = DONE;
    s.residents.remove(actor);
    s.live--;
    if (actor.extras !== null && actor.extras.tokens !== null) s.io.owners.left(actor);
    const handle = handleOf(actor);
    actor.seed!.clear();
    handle.child = null;
    handle.parent = actor.parent;
    s.away.set(actor.pid, handle);
  }

  /** Another scheduler has died. */
  lost(): void {
    this.#offers.giveUp((pid) => this.#s.routes.isLive(pid));
  }

  canOffer(): boolean {
    return this.#offers.hasRoom();
  }

  /** A new actor whose route says *stealable*. */
  offer(seed: HandleImpl): void {
    const { io } = this.#s;
    if (this.#offers.count === 0) this.#offers.beginBatch(this.#s.words[this.#s.base + TAKEN_AWAY]);
    if (io.owners.leaving.length > 0) io.owners.leaving.length = 0;
    if (this.#offers.push(seed)) {
      this.#s.offered++;
      if (io.owners.leaving.length > 0) io.owners.offered(seed.grow());
    } else this.#keepHome(seed);
  }

  /** A message for an unstarted actor that is offered. False: a thief has it. */
  message(actor: ActorImpl, message: unknown): boolean {
    const seed = actor.seed!;
    if (this.#s.io.owners.leaving.length > 0) this.#s.io.owners.leaving.length = 0;
    switch (this.#offers.append(seed, message)) {
      case "added":
        this.#s.io.owners.offered(actor);
        return true;
      case "full":
        return seed.offer < 0 || this.#keepHome(seed);
      case "taken":
        this.wasStolen(actor);
        return false;
    }
  }

  /** Something else than a message is for an actor that is offered: no thief takes it from now on. False: one has it. */
  #keepHome(seed: HandleImpl): boolean {
    const { slots } = this.#s;
    const kept = slots.keepHome(seed.pid);
    if (!kept && !slots.isSettledHere(seed.pid)) {
      this.wasStolen(seed.grow());
      return false;
    }
    if (seed.offer >= 0) this.#withdraw(seed);
    seed.offer = kept ? AT_HOME : SETTLED; // settled: by a sender elsewhere, who counts on it
    if (kept) this.#entersHome(seed);
    return true;
  }

  /** A new actor that cannot be offered, or need not be. */
  stayHome(seed: HandleImpl): void {
    seed.offer = AT_HOME;
    this.#entersHome(seed);
  }

  #entersHome(seed: HandleImpl): void {
    this.#atHome++;
    this.#home.push(seed);
  }

  #leavesHome(seed: HandleImpl): void {
    this.#atHome--;
    seed.offer = SETTLED;
    this.#firstAtHome();
  }

  /** Forgets what has begun before it. */
  #firstAtHome(): HandleImpl | null {
    const home = this.#home;
    while (home.length > 0 && home.at(0).offer !== AT_HOME) home.shift();
    return home.length > 0 ? home.at(0) : null;
  }

  keepHome(actor: ActorImpl): boolean {
    return this.#keepHome(actor.seed!);
  }

  /** It is about to begin here. False: a thief was faster. */
  claim(seed: HandleImpl): boolean {
    if (seed.offer === AT_HOME) { // no thief may take it: its route goes on to say *home* until a sender elsewhere settles it
      this.#leavesHome(seed);
      return true;
    }
    if (!this.#s.slots.claim(seed.pid)) {
      this.wasStolen(seed.grow());
      return false;
    }
    if (seed.offer >= 0) this.#withdraw(seed);
    seed.offer = SETTLED;
    return true;
  }

  #withdraw(seed: HandleImpl): void {
    this.#offers.withdraw(seed);
    if (seed.child !== null) this.#s.io.owners.withdrawn(seed.child);
  }

  /** Takes work from others: the injector, random victims, the injector again. Returns how many actors. */
  steal(): number {
    if (this.#inject()) return 1;
    const { schedulers } = this.#s.memory;
    if (schedulers === 1) return 0;
    this.leavesSome = false;
    for (let attempt = 0; attempt < MAX_STEAL_ATTEMPTS; attempt++) {
      const victim = this.#random.below(schedulers);
      if (victim === this.#s.id) { // no attempt
        attempt--;
        continue;
      }
      const offers = this.#thief.offers(victim);
      const stolen = offers === 0 ? 0 : this.#take(victim, offers);
      if (stolen > 0) {
        if (stolen > 1) this.#s.remote.wakeHungry(); // there was more than one: perhaps there is still more
        if (this.#s.config.minLogLevel === "debug") {
          this.#s.logFor(null).debug(`stole ${stolen} actors from scheduler ${victim}`);
        }
        return stolen;
      }
      if (schedulers === 2) break;
    }
    return this.#inject() ? 1 : 0;
  }

  /** Something is on offer that this thief left to its owner: it is to look again soon. */
  leavesSome = false;

  /** At most half of the victim's offers (M9), and half of what it has gained more. */
  #take(victim: number, offers: number): number {
    const most = Math.min(MAX_STOLEN_PER_TICK, Math.ceil(offers / 2), Math.ceil(-this.#lead(victim) / 2));
    if (most <= 0) {
      this.leavesSome = true;
      return 0;
    }
    const stolen = this.#thief.take(victim, most, (pid) => this.#claimStolen(victim, pid), this.#adopt);
    this.#s.stolen += stolen;
    if (this.#s.trace !== null && stolen > 0) this.#s.trace.stole(victim, stolen);
    return stolen;
  }

  /**
   * By how many actors this scheduler has gained more than a peer since they began to share. An actor that has begun stays
   * where it is, and most that are spawned in teams wait as soon as they have begun: an idle thief that took half again and
   * again got nineteen of twenty, and with them all the work that they were sent later. Actors that end are no gain, and
   * those that were here before do not count: what they do is not known.
   */
  #lead(peer: number): number {
    const { id, clock, words } = this.#s;
    const mine = this.#population(id), theirs = this.#population(peer);
    const now = clock.now();
    let shared = this.#shared[peer];
    if (shared === undefined || now - shared.since >= SHARING_MS) {
      shared = this.#shared[peer] = {
        since: now,
        mine: unqueuedOn(words, id),
        theirs: unqueuedOn(words, peer),
      };
    }
    return (mine - shared.mine) - (theirs - shared.theirs);
  }

  /** Takes more while it is not idle, from a victim in whose run queue so many more wait that it is worth it. */
  balance(now: number): void {
    const s = this.#s;
    if (s.queue.length > FEW_QUEUED || now - this.#balancedMs < BALANCE_MS) return;
    this.#balancedMs = now;
    const victim = this.#random.below(s.memory.schedulers);
    if (victim === s.id) return;
    const theirs = s.words[victim * PEER_WORDS + RUN_QUEUE_LENGTH];
    const surplus = theirs - s.queue.length;
    if (surplus < 2 || surplus * WORTH_IT < theirs) return;
    const offers = Math.min(surplus, this.#thief.offers(victim));
    if (offers > 0) this.#take(victim, offers);
  }

  #balancedMs = -1;

  #inject(): boolean {
    return this.#thief.inject(() => this.#s.startMain());
  }

  /** Not while something comes from there: it may be actors that it gives away, and these are this scheduler's share. */
  #claimStolen(victim: number, pid: Pid): Claim {
    const s = this.#s;
    if (s.remote.hasRecordsOf(victim)) {
      this.leavesSome = true;
      return "gone";
    }
    if (!s.routes.steal(pid, s.id)) return s.routes.hasLeft(pid, victim) ? "gone" : "settled";
    Atomics.add(s.words, birthOf(pid) * PEER_WORDS + TAKEN_AWAY, 1);
    return "claimed";
  }

  /** How many actors live there; a guess, read word by word. */
  #population(id: number): number {
    const { words } = this.#s;
    const base = id * PEER_WORDS;
    return words[base + LIVE] - ((words[base + TAKEN_AWAY] - words[base + MISSED]) | 0);
  }

  readonly #adopt = (pid: Pid, target: number, args: unknown[], messages: unknown[]): void => {
    adoptStolen(this.#s, pid, target, args, messages);
  };

  /** Gives half of what can be given, and is not offered, to schedulers that have nothing to do. */
  giveAway(): void {
    if (this.#atHome === 0 || this.#giving || Atomics.load(this.#s.run, HUNGRY) <= 0) return;
    const { shortRuns, isHeldUp, current, queue } = this.#s;
    const idle = this.#idle();
    if (idle.length === 0) return;
    // Where there is nothing else to run, one stays: to give the only one away would leave this scheduler with nothing.
    const all = current === null && queue.length === this.#atHome ? this.#atHome - 1 : this.#atHome;
    let left = Math.min(MAX_STOLEN_PER_TICK, Math.ceil(all / 2));
    for (let seed = this.#firstAtHome(); seed !== null && left > 0; seed = this.#firstAtHome()) {
      // A short one is begun here before anybody else has it, unless the one that runs gives way to nobody.
      if (!isHeldUp && shortRuns.isShort(seed.target!)) return;
      this.#home.shift();
      if (this.#give(seed, idle[left % idle.length])) left--;
    }
  }

  /**
   * Actors are about to begin here, where they then stay. If the queue of another scheduler is all but empty, every
   * second one that is offered goes there first: a thief that sleeps takes 30 to 50 µs to come, and one that comes while
   * the spawner is at its fifth of twenty takes three; the others began, waited for their work here, and never left.
   */
  giveOffered(): void {
    const s = this.#s;
    if (s.queue.length === 1) return this.#giveLone(s.queue.first as HandleImpl);
    if (this.#offers.count < 2 || (s.lastNow === this.#lookedMs && s.queue.length > FEW_QUEUED)) return;
    this.#lookedMs = s.lastNow;
    const peer = this.#anyPeer();
    const base = peer * PEER_WORDS;
    if (peer === s.id || s.words[base + RUN_QUEUE_LENGTH] > 1) return;
    if (this.#givenAt[peer] === s.words[base + EPOCH]) return;
    const { batch } = this.#offers;
    const before = batch.given;
    for (const seed of this.#offers.everySecond(this.#thief.offers(s.id) >> 1)) {
      // A thief may come meanwhile, and both together would move three quarters: they meet at the same actors.
      const taken = (s.words[s.base + TAKEN_AWAY] - batch.takenBefore) | 0;
      if ((taken + batch.given + 1) * 2 > batch.offered) break;
      if (this.#give(seed, peer)) batch.given++;
    }
    if (batch.given > before) s.remote.flush();
  }

  /**
   * The only one that waits here. Of those that come one by one and stay, such as the workers of a pool that are asked one
   * after the other whether they are ready, each would begin at once, and all would stay on one scheduler.
   */
  #giveLone(seed: HandleImpl): void {
    const { id: own, remote, shortRuns, words } = this.#s;
    const { target, offer } = seed;
    if (offer === SETTLED || target === null || target.staying === 0 || shortRuns.isShort(target)) return;
    const mine = unqueuedOn(words, own);
    const peer = this.#idle().find((id) => mine - unqueuedOn(words, id) >= WORTH_A_MOVE);
    if (peer !== undefined && this.#give(seed, peer)) remote.flush();
  }

  /**
   * Where an actor is to be spawned of which many stay (placement.ts): on the one of the schedulers with nothing to do
   * that has the fewest which have begun, if it has so many fewer, else here. Chosen for eight at a time: the words of
   * others are in cache lines that they write.
   */
  lightest(): number {
    if (this.#placed++ % TOGETHER === 0) {
      const { id: own, queue, words, memory } = this.#s;
      this.#lightest = own;
      let fewest = queue.length < MANY_STAY ? unqueuedOn(words, own) - MANY_STAY : -1;
      for (let id = 0; id < memory.schedulers && fewest >= 0; id++) {
        const count = unqueuedOn(words, id);
        if (count > fewest || id === own || !this.#isIdle(id)) continue;
        fewest = count - 1;
        this.#lightest = id;
      }
    }
    return this.#lightest;
  }
  #placed = 0;
  #lightest = 0;

  /** This scheduler itself at times, where there are more than two. */
  #anyPeer(): number {
    const { schedulers } = this.#s.memory;
    return schedulers === 2 ? 1 - this.#s.id : this.#random.below(schedulers);
  }

  /** Schedulers that have nothing to do. One that was given something and has not turned since gets no more. */
  #idle(): number[] {
    const { id: own, memory, words } = this.#s;
    const idle: number[] = [];
    for (let id = 0; id < memory.schedulers; id++) {
      if (id === own || !this.#isIdle(id)) continue;
      if (this.#givenAt[id] !== words[id * PEER_WORDS + EPOCH]) idle.push(id);
    }
    return idle;
  }

  #isIdle(id: number): boolean {
    const { words } = this.#s;
    const base = id * PEER_WORDS;
    return words[base + RUN_QUEUE_LENGTH] === 0 && words[base + CURRENT_KEY] === NO_ACTOR;
  }

  #give(seed: HandleImpl, to: number): boolean {
    const s = this.#s;
    const { pid } = seed;
    const extras = extrasOfSeed(seed);
    const offered = seed.offer >= 0;
    if (seed.offer === AT_HOME) { // tried once: what cannot be given now will begin here
      this.#atHome--;
      seed.offer = SETTLED;
    }
    if (seed.fn === null) return false; // ended by a getter of one that was given before it
    if (
      extras !== null &&
      (extras.supervised || extras.isSupervisor || extras.timed.size > 0 || extras.onEnd.size > 0 ||
        extras.tokens !== null)
    ) {
      s.slots.claim(pid);
      return false;
    }
    const record = recordOf(seed);
    const epoch = s.words[to * PEER_WORDS + EPOCH]; // before it is told: it may have turned for the last time soon after
    this.#giving = true;
    try {
      const given = s.remote.spawn(
        to,
        pid,
        record,
        () => isAsIn(record, seed) && s.slots.giveAway(pid, to),
      );
      if (!given) { // somebody else has sent to it, or a thief has it, or a getter has done something to it
        s.slots.claim(pid);
        return false;
      }
    } catch (error) { // an actor whose arguments or waiting messages cannot be sent stays
      if (!(error instanceof NotSendableError)) throw error;
      s.slots.claim(pid);
      return false;
    } finally {
      this.#giving = false;
    }
    if (offered) this.#withdraw(seed);
    this.#givenAt[to] = epoch;
    this.#forget(seed.grow());
    s.donated++;
    return true;
  }
}

/** What only some actors have, of one that has not begun. */
function extrasOfSeed(seed: HandleImpl): Extras | null {
  return seed.child === null ? null : seed.child.extras;
}

/** What goes with an actor that has not begun. */
function recordOf(seed: HandleImpl) {
  const extras = extrasOfSeed(seed);
  const mailbox = seed.child?.mailbox ?? NO_MAIL;
  const messages: unknown[] = [];
  for (let i = 0; i < mailbox.length; i++) messages.push(mailbox.at(i));
  return {
    module: seed.target!.module!,
    exportName: seed.target!.exportName,
    args: seed.args,
    link: null,
    monitor: null,
    mailbox: extras?.bound ?? null,
    names: extras === null ? null : [...extras.names],
    supervised: false,
    messages,
    links: extras === null ? [] : [...extras.links],
    watchers: extras === null ? [] : [...extras.watchers],
  } satisfies SpawnRecord;
}

/** Getters of its arguments and messages ran while the record was written: whether it says still what is to be said. */
function isAsIn(record: ReturnType<typeof recordOf>, seed: HandleImpl): boolean {
  if (seed.fn === null) return false;
  const { messages, names, links, watchers } = recordOf(seed);
  return isSame(messages, record.messages) && isSame(names ?? [], record.names ?? []) &&
    isSame(links, record.links) && isSame(watchers, record.watchers);
}

function isSame(some: readonly unknown[], others: readonly unknown[]): boolean {
  return some.length === others.length && some.every((one, i) => one === others[i]);
}
