/**
 * What V8 takes numbers for that come from another scheduler, in arguments and in messages; needs
 * `--v8-flags=--allow-natives-syntax`.
 *
 * @module
 */
import type { Actor, Pid } from "smarm";

const holdsSmallIntegers = new Function("array", "return %HasSmiElements(array)") as (
  array: unknown[],
) => boolean;
const holdsNumbers = new Function("array", "return %HasDoubleElements(array)") as (
  array: unknown[],
) => boolean;

function kindOf(array: unknown[]): string {
  return holdsSmallIntegers(array) ? "small integers" : holdsNumbers(array) ? "numbers" : "anything";
}

/** A value alone in an array whose kind depends on nothing that was before. */
function kindOfValue(value: unknown): string {
  const listed = Object.defineProperty({ length: 1 }, 0, { value });
  return kindOf(Array.prototype.slice.call(listed));
}

export async function look(
  self: Actor<unknown[]>,
  driver: Pid<string>,
  argument: number,
  _text: string,
): Promise<void> {
  const found = new Set([`an argument: ${kindOfValue(argument)}`]);
  for (let left = MESSAGES.length; left > 0; left--) {
    const array = await self.receive();
    const values = array.map((value) => typeof value === "number" ? kindOfValue(value) : typeof value);
    found.add(`${kindOf(array)} of ${values.join(", ")}`);
  }
  self.send(driver, [...found].join("\n"));
}

const TEXTS = ["a", "b"];
const MESSAGES: unknown[][] = [
  TEXTS,
  [1, 2],
  [2 ** 40, 7, "mixed"],
  [0.5, 7],
  [1, 2],
  [7, 2 ** 40, "mixed"],
  [[], 7],
];

export async function main(self: Actor<string>): Promise<void> {
  const looker = self.spawnWith({ scheduler: 1 }, look, self.pid, 7, "text");
  for (const message of MESSAGES) self.send(looker, message);
  console.log(await self.receive());
}
