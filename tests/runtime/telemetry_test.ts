/** OpenTelemetry, against a collector that the test runs itself: OTLP over HTTP, as JSON. */
import { assert, assertEquals } from "@std/assert";
import { runSmarm } from "../cli/harness.ts";

const COUNTED = new URL("./programs/counted.ts", import.meta.url).pathname;
const OBSERVED = new URL("./programs/observed.ts", import.meta.url).pathname;

interface Attribute {
  key: string;
  value: Record<string, unknown>;
}
interface Span {
  name: string;
  traceId: string;
  spanId: string;
  parentSpanId: string;
  kind: number;
  startTimeUnixNano: string;
  endTimeUnixNano: string;
  attributes: Attribute[];
  events: { name: string; attributes: Attribute[] }[];
  status: { code: number; message: string };
}
interface Metric {
  name: string;
  unit: string;
  sum?: { dataPoints: Point[]; isMonotonic: boolean };
  gauge?: { dataPoints: Point[] };
}
interface Point {
  asDouble: number;
  attributes: Attribute[];
}

/** Runs a program with OpenTelemetry on and gives all that came of it, by name. */
async function observed(args: string[]) {
  const spans: Span[] = [];
  const metrics = new Map<string, Metric>();
  // deno-lint-ignore no-explicit-any
  const take = (body: any) => {
    for (const resource of body.resourceSpans ?? []) {
      for (const { scope, spans: some } of resource.scopeSpans) {
        if (scope.name === "smarm" || scope.name === "the program") spans.push(...some);
      }
    }
    for (const resource of body.resourceMetrics ?? []) {
      for (const { scope, metrics: some } of resource.scopeMetrics) {
        // Cumulative: the latest is the whole.
        if (scope.name === "smarm") { for (const metric of some) metrics.set(metric.name, metric); }
      }
    }
  };
  const collector = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, async (request) => {
    take(await request.json());
    return Response.json({});
  });
  try {
    const result = await runSmarm(args, {
      env: {
        OTEL_DENO: "true",
        OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${collector.addr.port}`,
        OTEL_EXPORTER_OTLP_PROTOCOL: "http/json",
      },
    });
    assertEquals(result.code, 0, result.stderr);
    return { spans, metrics, named: (name: string) => spans.filter((span) => span.name === name) };
  } finally {
    await collector.shutdown();
  }
}

function attribute(attributes: Attribute[], key: string): unknown {
  const found = attributes.find((one) => one.key === key);
  return found === undefined ? undefined : Object.values(found.value)[0];
}

Deno.test("with OTEL_DENO=true the metrics of a run are exported, and are those of the stats", async () => {
  const { metrics, named } = await observed(["--threads", "2", COUNTED]);
  const sum = (name: string, direction?: string) =>
    metrics.get(name)!.sum!.dataPoints.filter(({ attributes }) =>
      direction === undefined || attribute(attributes, "smarm.direction") === direction
    ).reduce((total, point) => total + point.asDouble, 0);
  assertEquals({
    local: sum("smarm.messages", "local"),
    out: sum("smarm.messages", "out"),
    in: sum("smarm.messages", "in"),
    spawned: sum("smarm.actors.spawned"),
    ended: sum("smarm.actors.ended"),
    panics: sum("smarm.panics"),
    restarts: sum("smarm.restarts"),
    deadLetters: sum("smarm.dead_letters"),
    dropped: sum("smarm.messages.dropped"),
    timers: sum("smarm.timers.fired"),
    io: sum("smarm.io.operations"),
  }, {
    local: 45,
    out: 47,
    in: 47,
    spawned: 63,
    ended: 63,
    panics: 5,
    restarts: 2,
    deadLetters: 5,
    dropped: 4,
    timers: 4,
    io: 3,
  });
  const gauge = (name: string) =>
    metrics.get(name)!.gauge!.dataPoints.map((point) => point.asDouble).sort((a, b) => b - a);
  assertEquals(gauge("smarm.run_queue.length"), [0, 0]);
  assertEquals(gauge("smarm.run_queue.high_water")[0], 50);
  assertEquals(gauge("smarm.actors"), [0, 0, 0, 0, 0], "one for each state");
  assert(gauge("smarm.heap.used").every((bytes) => bytes > 0));

  const [run] = named("smarm.run");
  assertEquals([attribute(run.attributes, "smarm.outcome"), attribute(run.attributes, "smarm.schedulers")], [
    "exit",
    2,
  ]);
  const parts = [named("smarm.call"), named("smarm.panic"), named("smarm.restart")];
  assertEquals(parts.map((spans) => spans.length), [6 + 7 + 1, 5, 2]);
  for (const span of parts.flat()) {
    assertEquals([span.traceId, span.parentSpanId], [run.traceId, run.spanId], span.name);
    assert(BigInt(span.startTimeUnixNano) <= BigInt(span.endTimeUnixNano));
  }
  const [panic] = named("smarm.panic");
  assertEquals([attribute(panic.attributes, "smarm.actor"), panic.status.message], ["fails", "counted"]);
  assertEquals(attribute(panic.events[0].attributes, "exception.type"), "RangeError");
  assertEquals(named("smarm.restart").map((span) => attribute(span.attributes, "smarm.child")), [
    "one",
    "one",
  ]);
});

Deno.test("a call is a part of the span that the program has made active, else of the run's, and says how it failed", async () => {
  for (const threads of ["1", "2"]) {
    const { named } = await observed(["--threads", threads, OBSERVED]);
    const [run] = named("smarm.run"), [work] = named("work");
    const calls = named("smarm.call").sort((a, b) =>
      Number(BigInt(a.startTimeUnixNano) - BigInt(b.startTimeUnixNano))
    );
    assertEquals(calls.map((call) => [call.kind, call.parentSpanId, call.status.code]), [
      [3, work.spanId, 0],
      [3, run.spanId, 2],
    ]);
    assertEquals(calls[1].status.message.replace(/<.*>/, "<pid>"), "call: actor <pid> is dead");
  }
});
