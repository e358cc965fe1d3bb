/**
 * chameneos: 100 creatures meet in pairs at a mall and change their colours, `n` meetings. Contention for one actor.
 *
 * @module
 */
import type { Actor, Pid } from "smarm";
import { check, measure, type Measurement, numberOption, type Options, secondsSince } from "./common.ts";

/** 0, 1 or 2. */
type Colour = number;

interface Meet {
  readonly type: "meet";
  readonly colour: Colour;
  readonly from: Pid<CreatureMessage>;
}

export type MallMessage =
  | Meet
  | { readonly type: "count"; readonly met: number; readonly from: Pid<CreatureMessage> };

export type CreatureMessage =
  | Meet
  | { readonly type: "change"; readonly colour: Colour; readonly from: Pid<CreatureMessage> }
  | { readonly type: "exit"; readonly from: Pid<MallMessage> };

export interface MallResult {
  readonly type: "result";
  readonly met: number;
}

export function main(self: Actor<MallResult>, ...args: string[]): Promise<void> {
  return measure(
    self,
    { name: "chameneos", unit: "meetings", n: 200_000, options: ["a"] },
    args,
    (n, options) => meetings(self, n, options),
  );
}

async function meetings(self: Actor<MallResult>, n: number, options: Options): Promise<Measurement> {
  const actors = numberOption(options, "a", 100);
  const start = performance.now();
  self.spawn(mall, self.pid, n, actors);
  const { met } = await self.receive();
  const seconds = secondsSince(start);
  check("the sum of the creatures' meetings", met, 2 * n);
  return { n, seconds, extra: { actors } };
}

export async function mall(
  self: Actor<MallMessage>,
  driver: Pid<MallResult>,
  n: number,
  creatures: number,
): Promise<void> {
  for (let i = 0; i < creatures; i++) self.spawn(creature, self.pid, i % 3);
  let left = n;
  let waiting: Pid<CreatureMessage> | undefined;
  let met = 0;
  let faded = 0;
  while (faded < creatures) {
    const message = await self.receive();
    if (message.type === "count") {
      met += message.met;
      faded++;
    } else if (left === 0) {
      self.send(message.from, { type: "exit", from: self.pid });
    } else if (waiting === undefined) {
      waiting = message.from;
    } else {
      self.send(waiting, message);
      waiting = undefined;
      left--;
    }
  }
  self.send(driver, { type: "result", met });
}

export async function creature(
  self: Actor<CreatureMessage>,
  place: Pid<MallMessage>,
  colour: Colour,
): Promise<void> {
  let met = 0;
  self.send(place, { type: "meet", colour, from: self.pid });
  for (;;) {
    const message = await self.receive();
    switch (message.type) {
      case "meet":
        met++;
        colour = complement(colour, message.colour);
        self.send(message.from, { type: "change", colour, from: self.pid });
        self.send(place, { type: "meet", colour, from: self.pid });
        break;
      case "change":
        met++;
        colour = message.colour;
        self.send(place, { type: "meet", colour, from: self.pid });
        break;
      case "exit":
        self.send(message.from, { type: "count", met, from: self.pid });
        return;
    }
  }
}

/** Two alike stay as they are, two unlike become the third. */
function complement(own: Colour, other: Colour): Colour {
  return own === other ? own : 3 - own - other;
}
