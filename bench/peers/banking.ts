/**
 * banking: a teller starts `n` transfers between 1,000 accounts all at once; an account that waits for the other
 * side's reply puts everything else by.
 *
 * @module
 */
import type { Actor, Pid } from "smarm";
import {
  check,
  Fifo,
  lcg,
  measure,
  type Measurement,
  numberOption,
  type Options,
  secondsSince,
} from "./common.ts";

export type AccountMessage =
  | {
    readonly type: "credit";
    readonly teller: Pid<TellerMessage>;
    readonly amount: number;
    readonly to: Pid<AccountMessage>;
  }
  | { readonly type: "debit"; readonly from: Pid<AccountMessage>; readonly amount: number }
  | { readonly type: "reply" }
  | { readonly type: "stop"; readonly from: Pid<TellerMessage> };

export type TellerMessage =
  | { readonly type: "start" }
  | { readonly type: "reply" }
  | { readonly type: "balance"; readonly balance: number };

export interface BankResult {
  readonly type: "result";
  readonly count: number;
  readonly total: number;
}

const SEED = 57_920;
const START_BALANCE = 1_000_000_000;

export function main(self: Actor<BankResult>, ...args: string[]): Promise<void> {
  return measure(
    self,
    { name: "banking", unit: "transactions", n: 200_000, options: ["a"] },
    args,
    (n, options) => transactions(self, n, options),
  );
}

async function transactions(self: Actor<BankResult>, n: number, options: Options): Promise<Measurement> {
  const actors = numberOption(options, "a", 1000);
  const start = performance.now();
  const clerk = self.spawn(teller, self.pid, actors, n);
  self.send(clerk, { type: "start" });
  const { count, total } = await self.receive();
  const seconds = secondsSince(start);
  check("the number of transactions", count, n);
  check("the sum of the balances", total, actors * START_BALANCE);
  return { n, seconds, extra: { actors } };
}

export async function teller(
  self: Actor<TellerMessage>,
  driver: Pid<BankResult>,
  actors: number,
  n: number,
): Promise<void> {
  const accounts: Pid<AccountMessage>[] = [];
  for (let i = 0; i < actors; i++) accounts.push(self.spawn(account, START_BALANCE).pid);
  await self.receive();
  const sources = Math.floor(actors * 8 / 10);
  let random = SEED;
  for (let i = 0; i < n; i++) {
    const drawnSource = lcg(random);
    const drawnTarget = lcg(drawnSource);
    random = lcg(drawnTarget);
    const source = drawnSource % sources;
    const target = source + Math.max(1, drawnTarget % (actors - source));
    self.send(accounts[source], { type: "credit", teller: self.pid, amount: random, to: accounts[target] });
  }
  let count = 0;
  while (count < n) {
    const message = await self.receive();
    check("what the teller got", message.type, "reply");
    count++;
  }
  for (const one of accounts) self.send(one, { type: "stop", from: self.pid });
  let total = 0;
  for (let i = 0; i < actors; i++) {
    const message = await self.receive();
    if (message.type === "balance") total += message.balance;
  }
  self.send(driver, { type: "result", count, total });
}

export async function account(self: Actor<AccountMessage>, startBalance: number): Promise<void> {
  let balance = startBalance;
  const stash = new Fifo<AccountMessage>();
  /** Who is told when the pending credit is settled; undefined when none is. */
  let pending: Pid<TellerMessage> | undefined;
  for (;;) {
    const message = (pending === undefined ? stash.shift() : undefined) ?? await self.receive();
    if (pending !== undefined && message.type !== "reply") {
      stash.push(message);
      continue;
    }
    switch (message.type) {
      case "credit":
        balance -= message.amount;
        pending = message.teller;
        self.send(message.to, { type: "debit", from: self.pid, amount: message.amount });
        break;
      case "debit":
        balance += message.amount;
        self.send(message.from, { type: "reply" });
        break;
      case "reply":
        if (pending === undefined) throw new Error("An account got a reply that it did not wait for");
        self.send(pending, { type: "reply" });
        pending = undefined;
        break;
      case "stop":
        self.send(message.from, { type: "balance", balance });
        return;
    }
  }
}
