/**
 * OpenTelemetry: with `OTEL_DENO=true` Deno exports what is told to its `Deno.telemetry`, and this tells it of the run.
 * Deno's own API is used, so no package is needed; a program that uses `npm:@opentelemetry/api` sees the same providers.
 *
 * Metrics come from the counters in shared memory, read by the control thread once in {@link INTERVAL_MS} and at the end:
 * schedulers do nothing for them. Instruments are synchronous ones, because Deno does not ask observable ones when the
 * process ends, and a short run would leave nothing. Spans: one for the run; in it one for each call, restart and panic,
 * made where they happen. Without OTEL_DENO nothing of this exists: a call asks one field whether it is null.
 *
 * @module
 */
import type { Outcome, Pid, RuntimeStats, SchedulerStats } from "./api.ts";
import type { ActorImpl } from "./actor.ts";
import { formatPid } from "./pid.ts";

/** How often metrics are brought up to date. */
export const INTERVAL_MS = 1000;
const SCOPE = "smarm";

// --- The part of the OpenTelemetry API that is used -----------------------------------------------------------------

type Attributes = Record<string, string | number | boolean>;
interface Span {
  spanContext(): SpanContext;
  setAttribute(key: string, value: string | number | boolean): void;
  setStatus(status: { code: number; message?: string }): void;
  recordException(error: unknown): void;
  end(): void;
}
/** What tells a span in another thread what it is a part of. */
export interface SpanContext {
  readonly traceId: string;
  readonly spanId: string;
  readonly traceFlags: number;
}
interface Context {
  getValue(key: symbol): unknown;
  setValue(key: symbol, value: unknown): Context;
}
interface Tracer {
  startSpan(name: string, options?: { kind?: number; attributes?: Attributes }, context?: Context): Span;
}
interface Instrument {
  add(value: number, attributes?: Attributes): void;
  record(value: number, attributes?: Attributes): void;
}
type Options = { unit: string; description: string };
interface Meter {
  createCounter(name: string, options: Options): Instrument;
  createGauge(name: string, options: Options): Instrument;
}
interface Providers {
  readonly tracerProvider: { getTracer(name: string): Tracer };
  readonly meterProvider: { getMeter(name: string): Meter };
  readonly contextManager: { active(): Context };
}

const INTERNAL = 0, CLIENT = 2;
const STATUS_ERROR = 2;
/** `createContextKey` of the API is `Symbol.for`: by this the active span is found. */
const SPAN_KEY = Symbol.for("OpenTelemetry Context Key SPAN");

/** Null where OpenTelemetry is off: getting a meter throws there, and asks for no permission. */
function providers(): { tracer: Tracer; meter: Meter; active(): Context } | null {
  const api = (Deno as unknown as { telemetry?: Providers }).telemetry;
  if (api === undefined) return null;
  try {
    return {
      meter: api.meterProvider.getMeter(SCOPE),
      tracer: api.tracerProvider.getTracer(SCOPE),
      active: () => api.contextManager.active(),
    };
  } catch {
    return null;
  }
}

// --- The control thread ---------------------------------------------------------------------------------------------

interface Counted {
  readonly name: string;
  readonly unit: string;
  readonly description: string;
  readonly of: (one: SchedulerStats) => number;
  readonly attributes?: Attributes;
}

/** Upwards only; each with the scheduler's id. */
const COUNTERS: readonly Counted[] = [
  ...(["local", "out", "in"] as const).map((direction) => ({
    name: "smarm.messages",
    unit: "{message}",
    description: "Messages between actors: on one scheduler, to another, from another",
    of: (one: SchedulerStats) =>
      direction === "local" ? one.messagesLocal : direction === "out" ? one.messagesOut : one.messagesIn,
    attributes: { "smarm.direction": direction },
  })),
  counter("smarm.actors.spawned", "{actor}", "Actors that were spawned", (one) => one.spawned),
  counter("smarm.actors.ended", "{actor}", "Actors that ended", (one) => one.ended),
  counter("smarm.panics", "{actor}", "Actors that ended as a panic", (one) => one.panicked),
  counter("smarm.restarts", "{restart}", "Restarts by supervisors", (one) => one.restarts),
  counter("smarm.steals", "{actor}", "Actors taken from other schedulers", (one) => one.stolen),
  counter("smarm.resumes", "{resume}", "How often an actor was resumed", (one) => one.resumed),
  counter("smarm.dead_letters", "{message}", "Messages for actors that were dead", (one) => one.deadLetters),
  counter(
    "smarm.messages.dropped",
    "{message}",
    "Messages dropped by a mailbox's bound",
    (one) => one.dropped,
  ),
  counter("smarm.timers.fired", "{timer}", "Timers that have fired", (one) => one.timersFired),
  counter("smarm.io.operations", "{operation}", "IO operations that were answered", (one) => one.ioDone),
  counter("smarm.scheduler.busy_time", "ms", "Time that the thread was awake", (one) => one.busyMs),
  counter("smarm.scheduler.idle_time", "ms", "Time that the thread slept", (one) => one.idleMs),
];

/** As they are now; each with the scheduler's id. */
const GAUGES: readonly Counted[] = [
  counter("smarm.run_queue.length", "{actor}", "Actors that are ready to run", (one) => one.runQueueLength),
  counter("smarm.run_queue.high_water", "{actor}", "The longest run queue so far", (one) => one.runQueueHigh),
  counter("smarm.timers.armed", "{timer}", "Armed timers", (one) => one.timers),
  counter("smarm.heap.used", "By", "Bytes in the scheduler's heap", (one) => one.heapUsedBytes),
];

function counter(name: string, unit: string, description: string, of: Counted["of"]): Counted {
  return { name, unit, description, of };
}

/** One run, as OpenTelemetry sees it. */
export class RunTelemetry {
  readonly #stats: () => RuntimeStats;
  readonly #counters: Instrument[];
  readonly #gauges: Instrument[];
  readonly #states: Instrument;
  readonly #span: Span;
  readonly #last: number[] = [];
  readonly #timer: ReturnType<typeof setInterval>;

  /** Null where OpenTelemetry is off. */
  static start(module: string, schedulers: number, stats: () => RuntimeStats): RunTelemetry | null {
    const api = providers();
    return api === null ? null : new RunTelemetry(api, module, schedulers, stats);
  }

  private constructor(
    { meter, tracer, active }: NonNullable<ReturnType<typeof providers>>,
    module: string,
    schedulers: number,
    stats: () => RuntimeStats,
  ) {
    this.#stats = stats;
    this.#counters = COUNTERS.map((one) => meter.createCounter(one.name, one));
    this.#gauges = GAUGES.map((one) => meter.createGauge(one.name, one));
    this.#states = meter.createGauge("smarm.actors", {
      unit: "{actor}",
      description: "Live actors by what they do",
    });
    const attributes = { "smarm.module": module, "smarm.schedulers": schedulers };
    this.#span = tracer.startSpan("smarm.run", { kind: INTERNAL, attributes }, active());
    this.#timer = setInterval(() => this.#record(), INTERVAL_MS);
  }

  /** For the spans of schedulers, which are parts of the run's. */
  get context(): SpanContext {
    const { traceId, spanId, traceFlags } = this.#span.spanContext();
    return { traceId, spanId, traceFlags };
  }

  #record(): void {
    const stats = this.#stats();
    let at = 0;
    for (const one of stats.schedulers) {
      const attributes = { "smarm.scheduler": one.id };
      COUNTERS.forEach((counted, i) => {
        const before = this.#last[at] ?? 0;
        const value = Math.max(before, counted.of(one)); // a time may seem to go back by what a look costs
        if (value > before) this.#counters[i].add(value - before, { ...attributes, ...counted.attributes });
        this.#last[at++] = value;
      });
      GAUGES.forEach((counted, i) => this.#gauges[i].record(counted.of(one), attributes));
    }
    for (const [state, count] of Object.entries(stats.states)) {
      this.#states.record(count, { "smarm.state": state });
    }
  }

  /** The run is over: the last figures, and its span. `failure`: why main's outcome does not count. */
  finish(outcome: string, failure: Error | null): void {
    clearInterval(this.#timer);
    this.#record();
    this.#span.setAttribute("smarm.outcome", failure === null ? outcome : failure.name);
    if (failure !== null || outcome === "panic") {
      this.#span.setStatus({ code: STATUS_ERROR, message: failure?.message ?? "main panicked" });
    }
    this.#span.end();
  }
}

// --- A scheduler ----------------------------------------------------------------------------------------------------

/** What a scheduler tells while OpenTelemetry is on. */
export class SchedulerTelemetry {
  readonly #tracer: Tracer;
  readonly #active: () => Context;
  readonly #run: unknown;

  /** `run`: the span of the run; null, where OpenTelemetry is off, gives null. */
  static start(run: SpanContext | null): SchedulerTelemetry | null {
    const api = run === null ? null : providers();
    return api === null ? null : new SchedulerTelemetry(api.tracer, api.active, run!);
  }

  private constructor(tracer: Tracer, active: () => Context, run: SpanContext) {
    this.#tracer = tracer;
    this.#active = active;
    this.#run = { spanContext: () => ({ ...run, isRemote: true }) };
  }

  /** A part of the span that the program has made active here, else of the run's. */
  #start(name: string, kind: number, actor: ActorImpl, attributes: Attributes): Span {
    const active = this.#active();
    const context = active.getValue(SPAN_KEY) === undefined ? active.setValue(SPAN_KEY, this.#run) : active;
    const who = { "smarm.pid": formatPid(actor.pid), "smarm.actor": actor.target.name };
    return this.#tracer.startSpan(name, { kind, attributes: { ...who, ...attributes } }, context);
  }

  /** From the call to its answer, or to what it rejects with. */
  async call(actor: ActorImpl, callee: Pid, call: () => Promise<unknown>): Promise<unknown> {
    const span = this.#start("smarm.call", CLIENT, actor, { "smarm.callee": formatPid(callee) });
    try {
      return await call();
    } catch (error) {
      fail(span, error);
      throw error;
    } finally {
      span.end();
    }
  }

  /** A supervisor has started a child anew. */
  restarted(supervisor: ActorImpl, child: string, pid: Pid | null, outcome: Outcome): void {
    const span = this.#start("smarm.restart", INTERNAL, supervisor, {
      "smarm.child": child,
      ...(pid === null ? {} : { "smarm.child.pid": formatPid(pid) }),
    });
    if (outcome.kind === "panic") note(span, outcome.error);
    span.end();
  }

  panicked(actor: ActorImpl, error: Error): void {
    const span = this.#start("smarm.panic", INTERNAL, actor, {});
    fail(span, error);
    span.end();
  }
}

/** Gives what can be said of the error. */
function note(span: Span, error: unknown): string {
  try {
    span.recordException(error);
    return String((error as Error)?.message ?? error);
  } catch {
    return "an error whose properties cannot be read";
  }
}

function fail(span: Span, error: unknown): void {
  span.setStatus({ code: STATUS_ERROR, message: note(span, error) });
}
