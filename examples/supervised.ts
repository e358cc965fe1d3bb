/**
 * Let it crash: a shop whose till breaks now and then. A supervisor starts the stock first and then the till, restarts
 * whichever breaks, and stops them in reverse order. The till forgets what it had in hand; the stock does not, because
 * it is another actor.
 *
 *     deno run -A smarm.ts examples/supervised.ts [sales]
 *
 * Try `--log-level warn` to see each restart, and 13 sales to see what happens when a child breaks too often: the
 * supervisor gives up, and the program ends with 1 and the chain of causes.
 *
 * @module
 */

import { type Actor, type Call, server } from "smarm";

/** A server: its handlers are all there is to write, its client is typed from them. */
export const stock = server({
  init: (self, apples: number) => {
    self.log.info("stock opens");
    return { apples };
  },
  calls: {
    take: (s, count: number) => {
      if (count > s.state.apples) s.fail(new RangeError(`only ${s.state.apples} apples are left`));
      s.state.apples -= count;
      return s.state.apples;
    },
  },
  terminate: (s) => console.log(`stock closes with ${s.state.apples} apples`),
});

/** A plain actor that breaks at every third sale. */
export async function till(self: Actor<Call<number, string>>): Promise<void> {
  const shelf = stock.client(self, "stock");
  try {
    for (let sale = 1;; sale++) {
      const call = await self.receive();
      if (sale === 3) throw new Error("the till jams");
      const left = await shelf.take(call.request);
      call.reply(`sold ${call.request}, ${left} left`);
    }
  } finally {
    console.log("till closes");
  }
}

export async function main(self: Actor, salesText = "8"): Promise<void> {
  const shop = self.supervise({
    strategy: "one_for_one",
    intensity: 3, // one more restart within the period, and the supervisor gives up
    period: 5000,
    children: [
      { id: "stock", name: "stock", start: [stock, 100] },
      { id: "till", name: "till", start: [till] },
    ],
  });
  await shop.count(); // answered when all have started

  for (let sale = 1; sale <= Number(salesText); sale++) {
    try {
      console.log(await self.call<Call<number, string>, number>("till", 5));
    } catch (error) {
      console.log(`sale ${sale} failed: ${(error as Error).name}`);
      await shop.count(); // by now it has been restarted
    }
  }

  self.exit(shop, "shutdown"); // till first, then stock
  await shop.join();
}
