/**
 * Calls that are answered, handed on, refused, answered twice, left unanswered, or whose receiver dies: each caller gets its
 * own answer, once, or the reason why there is none.
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import type { Actor, Call, Down, Pid } from "../../../smarm.ts";
import { Random } from "../plan.ts";
import { tellsOnlyThatDead, told } from "./ends.ts";
import { anyScheduler, FOREVER_MS, PATIENT_MS, pause, PLANNED, start, times, valueOf } from "./support.ts";

interface Question {
  readonly mode: "answer" | "fail" | "drop";
  readonly n: number;
}
type Asked = Call<Question, number>;

const refusal = (n: number) => new RangeError(`refused ${n}`);

/** Answers calls that others have received. */
export async function answerer(self: Actor<{ call: Asked }>, seed: number): Promise<void> {
  const random = new Random(seed);
  for await (const { call } of self) {
    if (random.below(4) === 0) await pause(self, random);
    answer(call);
    if (random.below(4) === 0) call.reply(-1); // only the first answer counts
  }
}

function answer(call: Asked): void {
  const { mode, n } = call.request;
  if (mode === "fail") call.fail(refusal(n));
  else call.reply(n + 1);
}

/** Answers some itself and hands the others on. */
export async function front(self: Actor<Asked>, seed: number): Promise<void> {
  const random = new Random(seed);
  const behind = times(
    3,
    () => self.spawnWith({ link: true, scheduler: anyScheduler(self, random) }, answerer, random.next()),
  );
  for await (const call of self) {
    if (call.request.mode === "drop") continue;
    if (random.below(3) === 0) answer(call);
    else self.send(random.pick(behind), { call });
  }
}

export async function caller(self: Actor, to: Pid<Asked>, seed: number): Promise<void> {
  const random = new Random(seed);
  const ask = async (n: number) => {
    const mode = random.below(5) === 0 ? "fail" : random.below(8) === 0 ? "drop" : "answer";
    const mayTimeOut = mode === "drop" || random.below(6) === 0;
    const timeout = mayTimeOut ? random.below(4) : PATIENT_MS;
    try {
      const got = await self.call(to, { mode, n }, { timeout });
      assertEquals([mode, got], ["answer", n + 1]);
    } catch (error) {
      const isRefusal = `${error}` === `${refusal(n)}`;
      const isTimeout = error instanceof Error && error.name === "TimeoutError";
      if (!(mode === "fail" && isRefusal) && !(mayTimeOut && isTimeout)) throw error;
    }
  };
  for (let i = 0; i < 15; i++) {
    await Promise.all(times(random.below(3) === 0 ? 5 : 1, () => ask(random.next())));
    if (random.below(4) === 0) await pause(self, random);
  }
  assertEquals(self.tryReceive(), undefined, "a late answer came as a message");
}

async function calls(self: Actor, random: Random): Promise<void> {
  const to = start(self, random, front, random.next());
  const callers = times(1 + random.below(5), () => start(self, random, caller, to.pid, random.next()));
  for (const one of callers) await valueOf(one, "a caller");
  self.exit(to, PLANNED); // and those behind it, by their links
  await to.join();
}

/** Answers some calls, then ends in one way or another, with calls in its mailbox. */
export async function mortal(self: Actor<Call<number, number>>, seed: number): Promise<string> {
  const random = new Random(seed);
  for (let left = random.below(10); left > 0; left--) {
    const call = await self.receive();
    call.reply(call.request);
    if (random.below(3) === 0) await pause(self, random);
  }
  switch (random.below(4)) {
    case 0:
      return "returned";
    case 1:
      throw new Error(`${PLANNED}: mortal`);
    case 2:
      self.kill(self.pid);
      break;
    default:
      setTimeout(() => {
        throw new Error(`${PLANNED}: mortal`);
      });
  }
  await self.sleep(FOREVER_MS);
  throw new Error("an actor has outlived its end");
}

export async function persistentCaller(
  self: Actor,
  to: Pid<Call<number, number>>,
  seed: number,
): Promise<void> {
  const random = new Random(seed);
  for (let n = 0;; n++) {
    const answer = await self.call(to, n, { timeout: PATIENT_MS }).catch(unlessDead);
    if (answer === "dead") break;
    assertEquals(answer, n);
    await pause(self, random);
  }
  assertEquals(await self.call(to, 0, { timeout: PATIENT_MS }).catch(unlessDead), "dead");
}

function unlessDead(error: Error): "dead" {
  if (error.name !== "DeadActorError") throw error;
  return "dead";
}

async function callsToTheDying(self: Actor<Down>, random: Random): Promise<void> {
  const to = start(self, random, mortal, random.next());
  const ref = self.monitor(to);
  const callers = times(
    1 + random.below(5),
    () => start(self, random, persistentCaller, to.pid, random.next()),
  );
  for (const one of callers) await valueOf(one, "a caller");
  const down = await self.receive();
  const outcome = await to.join();
  assertEquals([down.ref, down.pid], [ref, to.pid]);
  if (!tellsOnlyThatDead(down)) assertEquals(told(down.outcome), told(outcome));
}

export const callScenes = { calls, callsToTheDying };
