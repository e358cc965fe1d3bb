// Actors of tests/runtime/giving_up_test.ts.
import { assertEquals } from "@std/assert";
import type { Actor, ChannelReceiver, ChannelSender, Pid } from "smarm";
import { mainOf, schedulerAt } from "../scenario_main.ts";
import * as scenarios from "./giving_up.ts";

export const main = mainOf(() => scenarios);

export interface Step {
  readonly pauseMs: number;
  readonly to: "mail" | "channel";
}

export interface Take {
  readonly kind: "receive" | "match" | "channel" | "select" | "signal" | "two" | "race";
  readonly timeoutMs: number;
  readonly pauseMs: number;
}

/** Sends consecutive numbers to each of the two, then "end" and the close. */
export async function produce(
  self: Actor,
  mail: Pid<unknown>,
  channel: ChannelSender<number>,
  steps: readonly Step[],
): Promise<void> {
  const next = { mail: 0, channel: 0 };
  for (const { pauseMs, to } of steps) {
    if (pauseMs > 0) await self.sleep(pauseMs);
    if (to === "mail") self.send(mail, next.mail++);
    else await channel.send(next.channel++);
  }
  self.send(mail, "end");
  channel.close();
}

/** Takes with the given waits, round and round, until both sources have ended. */
export async function consume(
  self: Actor<unknown>,
  receiver: ChannelReceiver<number>,
  takes: readonly Take[],
): Promise<{ mail: number[]; channel: number[] }> {
  const got = { mail: [] as number[], channel: [] as number[] };
  let mailOver = false, channelOver = false;
  const mail = (message: unknown) => {
    if (message === "end") mailOver = true;
    else got.mail.push(message as number);
  };
  const value = (n: number) => void got.channel.push(n);
  const givenUp = (error: Error) => {
    if (error.name === "ChannelClosedError") channelOver = true;
    else if (error.name !== "TimeoutError" && error.message !== "given up") throw error;
  };
  for (let i = 0; !mailOver || !channelOver; i++) {
    const { timeoutMs, pauseMs } = takes[i % takes.length];
    const late = i > 200; // waits of 0 ms alone, or for one of the two, would go on for ever
    const kind = late ? "select" : takes[i % takes.length].kind;
    const timeout = timeoutMs + (late ? 5 : 0);
    switch (kind) {
      case "receive":
        await self.receive({ timeout }).then(mail, givenUp);
        break;
      case "match":
        await self.receive((m) => m === "end" || (m as number) % 2 === got.mail.length % 2, { timeout })
          .then(mail, givenUp);
        break;
      case "channel":
        await receiver.receive({ timeout }).then(value, givenUp);
        break;
      case "select": {
        const values = channelOver ? undefined : receiver;
        await self.select({ values, mail: self }, { timeout }).then((event) => {
          if (event.source === "mail") mail(event.value);
          else if (event.closed) channelOver = true;
          else value(event.value);
        }, givenUp);
        break;
      }
      case "signal": {
        const controller = new AbortController();
        const both = [
          self.receive({ signal: controller.signal }).then(mail, givenUp),
          receiver.receive({ signal: controller.signal }).then(value, givenUp),
        ];
        await self.sleep(timeout);
        controller.abort(new Error("given up"));
        await Promise.all(both);
        break;
      }
      case "two":
        await Promise.all([
          self.receive({ timeout }).then(mail, givenUp),
          self.receive({ timeout: pauseMs }).then(mail, givenUp),
        ]);
        break;
      case "race": { // a race whose loser is given up loses nothing either
        const controller = new AbortController();
        const { signal } = controller;
        const received = self.receive({ signal }).then(mail, givenUp);
        await Promise.race([received, self.sleep(timeout, { signal }).catch(givenUp)]);
        controller.abort(new Error("given up"));
        await received;
        break;
      }
    }
    if (pauseMs > 0 && i % 3 === 0) await self.sleep(pauseMs);
  }
  return got;
}

export async function realRaces(self: Actor<unknown>): Promise<void> {
  let random = 1;
  const draw = (n: number) => (random = (random * 1309 + 13849) & 65535) % n;
  const kinds = ["receive", "match", "channel", "select", "signal", "two", "race"] as const;
  for (let round = 0; round < 12; round++) {
    const { sender, receiver } = self.channel<number>(1 + draw(3));
    const steps = Array.from({ length: 120 }, (): Step => ({
      pauseMs: draw(4) === 0 ? draw(3) / 2 : 0,
      to: draw(2) === 0 ? "mail" : "channel",
    }));
    const takes = Array.from({ length: 30 }, (): Take => ({
      kind: kinds[draw(kinds.length)],
      timeoutMs: draw(3) / 2,
      pauseMs: 0,
    }));
    self.spawnWith(schedulerAt(self, round), produce, self.pid, sender, steps);
    const got = await consume(self, receiver, takes);
    const count = (to: Step["to"]) => steps.filter((step) => step.to === to).length;
    assertEquals(got.mail, Array.from({ length: count("mail") }, (_, n) => n));
    assertEquals(got.channel, Array.from({ length: count("channel") }, (_, n) => n));
  }
}
