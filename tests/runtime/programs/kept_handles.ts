/**
 * What a program that keeps handles keeps with them: of actors with few arguments and with many, which end at once. Wants
 * `--v8-flags=--expose-gc`.
 *
 * @module
 */
import type { Actor } from "smarm";

const ROUNDS = 40;

const selves: WeakRef<object>[] = [];

export function few(self: Actor, given: object): boolean {
  selves.push(new WeakRef(self));
  return "made" in given;
}

export function many(self: Actor, _a: number, _b: number, _c: number, given: object): boolean {
  return few(self, given);
}

/**
 * A weak reference keeps what it has given until the turn of the event loop is over. Where the machine is slow, a sleep of
 * any length may be over in the turn in which it began.
 */
const anotherTurn = () => new Promise<void>((resolve) => setTimeout(resolve));

export async function main(self: Actor): Promise<void> {
  const given: WeakRef<object>[] = [];
  const handles = Array.from({ length: ROUNDS }, (_, i) => {
    const made = { made: i };
    given.push(new WeakRef(made));
    return i % 2 === 0 ? self.spawn(few, made) : self.spawn(many, 1, 2, 3, made);
  });
  while (selves.length < ROUNDS) await self.sleep(1);
  await anotherTurn();
  (globalThis as unknown as { gc(): void }).gc();
  await anotherTurn();
  const left = (some: WeakRef<object>[]) => some.filter((one) => one.deref() !== undefined).length;
  const counts = `arguments: ${left(given)} of ${ROUNDS}, selves: ${left(selves)} of ${ROUNDS}`;
  const outcomes = await Promise.all(handles.map((handle) => handle.join()));
  const values = outcomes.filter((outcome) => outcome.kind === "exit" && outcome.value).length;
  console.log(`${counts}, outcomes: ${values} of ${ROUNDS}`);
}
