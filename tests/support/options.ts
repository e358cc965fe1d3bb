/**
 * Command lines of long runs.
 *
 * @module
 */
import { parseArgs } from "@std/cli/parse-args";

/**
 * Options that are whole numbers from 1 on, or lists of these, or some of the names that are their default; with anything
 * else the process ends with 2.
 */
export function optionsOf<T extends Record<string, number | number[] | string[]>>(defaults: T): T {
  const string = Object.keys(defaults);
  const given = parseArgs(Deno.args, {
    string,
    unknown: (arg) => usage(`there is no ${arg}. Give ${string.map((name) => `--${name}`).join(", ")}`),
  });
  const options: Record<string, number | number[] | string[]> = { ...defaults };
  for (const name of string) {
    const text = given[name];
    if (text === undefined) continue;
    const names = namesOf(defaults[name]);
    if (names !== null) {
      options[name] = String(text).split(",");
      const odd = options[name].find((one) => !names.includes(one));
      if (odd !== undefined) usage(`--${name} cannot be ${Deno.inspect(odd)}. Give some of ${names.join()}`);
      continue;
    }
    const numbers = String(text).split(",").map(Number);
    const isList = Array.isArray(defaults[name]);
    if (numbers.some((n) => !Number.isSafeInteger(n) || n < 1) || (!isList && numbers.length > 1)) {
      const wanted = isList ? "whole numbers from 1 on, as in 1,2,4" : "one whole number from 1 on";
      usage(`--${name} cannot be ${Deno.inspect(text)}. Give ${wanted}`);
    }
    options[name] = isList ? numbers : numbers[0];
  }
  return options as T;
}

function namesOf(option: number | number[] | string[]): string[] | null {
  return Array.isArray(option) && typeof option[0] === "string" ? option as string[] : null;
}

function usage(text: string): never {
  console.error(`error: ${text}`);
  Deno.exit(2);
}
