/**
 * Waits of each kind give objects that nobody keeps; how many are there still when what is young was collected? Wants
 * `--v8-flags=--expose-gc`.
 *
 * @module
 */
import type { Actor } from "smarm";

const ROUNDS = 40;

export function gives(): object {
  return { given: true };
}

/**
 * A weak reference keeps what it has given until the turn of the event loop is over. Where the machine is slow, a sleep of
 * any length may be over in the turn in which it began.
 */
const anotherTurn = () => new Promise<void>((resolve) => setTimeout(resolve));

export async function main(self: Actor, path: string): Promise<void> {
  const { sender, receiver } = self.channel<object>(1);
  const kinds: Record<string, () => Promise<object>> = {
    join: () => self.spawn(gives).join(),
    stat: () => self.io.stat(path),
    channel: async () => {
      const [value] = await Promise.all([receiver.receive(), sender.send({ sent: true })]);
      return value;
    },
    select: async () => {
      const [chosen] = await Promise.all([self.select({ receiver }), sender.send({ sent: true })]);
      return chosen.value as object;
    },
  };
  for (const [name, wait] of Object.entries(kinds)) {
    const given: WeakRef<object>[] = [];
    for (let i = 0; i < ROUNDS; i++) given.push(new WeakRef(await wait()));
    await anotherTurn();
    (globalThis as unknown as { gc(options: { type: "minor" }): void }).gc({ type: "minor" });
    await anotherTurn();
    const left = given.filter((one) => one.deref() !== undefined).length;
    console.log(`${name} ${left < ROUNDS / 2 ? "is let go of" : `keeps ${left} of ${ROUNDS}`}`);
  }
}
