/**
 * Calls inside of a span of the program's own.
 *
 * @module
 */
import type { Actor, Call } from "../../../smarm.ts";

interface Span {
  end(): void;
}
interface Tracer {
  startActiveSpan<T>(name: string, run: (span: Span) => T): T;
}

export async function answers(self: Actor<Call<number, number>>): Promise<void> {
  for await (const call of self) call.reply(call.request);
}

export function refuses(_self: Actor<Call<number, number>>): void {}

export async function main(self: Actor): Promise<void> {
  // deno-lint-ignore no-explicit-any
  const tracer: Tracer = (Deno as any).telemetry.tracerProvider.getTracer("the program");
  const last = { scheduler: self.stats().schedulerCount - 1 };
  const server = self.spawnWith(last, answers);
  const dead = self.spawnWith(last, refuses);
  await dead.join();
  await tracer.startActiveSpan("work", async (span) => {
    await self.sleep(1);
    await self.call(server, 1);
    span.end();
  });
  await self.call(dead, 2).catch(() => {});
}
