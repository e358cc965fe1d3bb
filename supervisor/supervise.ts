/**
 * `self.supervise` and `self.superviseMany`: a supervisor is an actor, started here beside its caller and linked to it.
 *
 * @module
 */
import type { ActorFunction } from "../runtime/api.ts";
import type { ActorImpl } from "../runtime/actor.ts";
import type { ManyHandle, ManySpec, Setup, SupervisorHandle, SupervisorSpec } from "./spec.ts";
import { checkManySpec, checkSpec } from "./spec.ts";
import { SupervisorHandleImpl } from "./handle.ts";
import { supervisor } from "./supervisor.ts";
import { DONE } from "../runtime/actor_state.ts";
import { extrasOf } from "../runtime/extras.ts";

export function supervise(parent: ActorImpl, spec: SupervisorSpec): SupervisorHandle {
  if (parent.state === DONE) throw parent.ended("supervise");
  return start(parent, checkSpec(spec)) as SupervisorHandle;
}

export function superviseMany<F extends ActorFunction>(parent: ActorImpl, spec: ManySpec<F>): ManyHandle<F> {
  if (parent.state === DONE) throw parent.ended("superviseMany");
  return start(parent, checkManySpec(spec as ManySpec)) as unknown as ManyHandle<F>;
}

function start(parent: ActorImpl, setup: Setup): SupervisorHandleImpl {
  const s = parent.scheduler;
  const plain = s.spawn(parent, supervisor, [setup, parent.pid], {
    scheduler: "local",
    link: true,
    ...(setup.name === undefined ? {} : { name: setup.name }),
  });
  const actor = plain.child!;
  const handle = new SupervisorHandleImpl(s, plain.pid, actor, parent);
  if (actor.state === DONE) handle.settle(plain.official().outcome!); // the run is ending: it was told so before it began
  else {
    actor.handle = handle;
    makeSupervisor(actor);
    (extrasOf(parent).supervisors ??= new Set()).add(actor.pid);
  }
  return handle;
}

/** From now on exit signals come into the actor's mailbox as they are. */
export function makeSupervisor(actor: ActorImpl): void {
  const extras = extrasOf(actor);
  extras.isSupervisor = true;
  extras.trapExit = true;
  extras.bound = null; // a default is for actors that may be given another one: a request dropped here is a child missing
}
