/**
 * Work of all kinds on all schedulers, while schedulers are killed: main, on one that is not, checks that everything that
 * it started ends, that each end is told once, and that names come free.
 *
 * @module
 */
import type { Actor, Call, ChannelSender, Handle, Outcome, Pid } from "../../smarm.ts";

type Echo = Call<number, number>;

/** A child of main's supervisor, restarted wherever it was lost. */
export async function server(self: Actor<Echo>, name: string) {
  self.group("servers").join();
  for await (const call of self) {
    if (call.request === 13) throw new Error(`${name} does not like 13`);
    call.reply(call.request + 1);
  }
}

/** Does a little of everything, and ends well or not. */
export async function worker(self: Actor, n: number, servers: number, results: ChannelSender<number> | null) {
  self.register(`worker-${self.pid}`);
  self.group("workers").join();
  const child = n % 3 === 0 ? self.spawn(leaf, n) : null;
  const away = n % 4 === 0 ? self.spawnWith({ scheduler: n % servers, monitor: true }, leaf, n) : null;
  const link = n % 5 === 0 ? self.spawnWith({ scheduler: (n + 1) % servers, link: true }, leaf, 1) : null;
  self.after(1, self.pid, "tick");
  const to = self.whereis(`server-${n % servers}`);
  if (to !== undefined) await self.call(to as Pid<Echo>, n, { timeout: 2000 }).catch(() => {});
  self.send(`server-${(n + 1) % servers}`, "noise" as never);
  await self.sleep(n % 3);
  if (results !== null) await results.send(n, { timeout: 2000 }).catch(() => {});
  if (child !== null) await child.join();
  if (away !== null) await away.join();
  void link;
  if (n % 7 === 0) throw new Error("as planned");
}

export async function leaf(self: Actor, n: number): Promise<number> {
  await self.yield();
  if (n % 2 === 0) await self.sleep(1);
  return n;
}

const WAVE = 24;

export async function main(self: Actor<never>, schedulers: string, stopAt: string) {
  const n = Number(schedulers);
  self.trapExit(true);
  const children = Array.from({ length: n }, (_, i) => ({
    id: `server-${i}`,
    start: [server, `server-${i}`] as [typeof server, string],
    restart: "permanent" as const,
    shutdown: 2000,
    scheduler: i,
    name: `server-${i}`,
  }));
  const supervisor = self.supervise({
    strategy: "one_for_one",
    intensity: 1_000_000,
    period: 60_000,
    children,
  });
  let gaveUp: Outcome | null = null;
  supervisor.join().then((outcome) => gaveUp = outcome);
  const stop = new BroadcastChannel(stopAt);
  let isOver = false;
  stop.onmessage = () => isOver = true;
  await allAnswer(self, n); // a child that is lost before its first wait has failed to start, and its supervisor with it
  stop.postMessage("begun");
  let waves = 0, ended = 0, downs = 0, lost = 0;
  while (!isOver) {
    if (gaveUp !== null) throw new Error(`the supervisor ended: ${Deno.inspect(gaveUp)}`);
    const { sender, receiver } = self.channel();
    const handles: Handle<unknown, never>[] = [];
    const refs = new Map<number, Pid>();
    for (let i = 0; i < WAVE; i++) {
      const k = waves * WAVE + i;
      const handle = i % 2 === 0
        ? self.spawn(worker, k, n, i % 4 === 0 ? sender : null)
        : self.spawnWith({ scheduler: k % n }, worker, k, n, sender);
      handles.push(handle as never);
      refs.set(self.monitor(handle as never) as unknown as number, handle.pid as Pid);
    }
    for (const handle of handles) {
      const outcome: Outcome = await handle.join();
      ended++;
      if (outcome.kind === "panic" && outcome.error.message.includes("was lost")) lost++;
    }
    while (refs.size > 0) {
      const message = await self.receive((m: unknown) =>
        (m as { type?: string })?.type === "DOWN"
      ) as unknown as {
        ref: number;
        pid: Pid;
      };
      if (!refs.delete(message.ref)) throw new Error("a death was told twice");
      if (self.whereis(`worker-${message.pid}`) !== undefined) throw new Error("a dead actor has a name");
      downs++;
    }
    receiver.close();
    waves++;
  }
  stop.close();
  await allAnswer(self, n);
  const { active } = await supervisor.count();
  return { waves, ended, downs, lost, active };
}

/** All servers are there, or will be: each was restarted. */
async function allAnswer(self: Actor<never>, n: number): Promise<void> {
  for (let i = 0; i < n; i++) {
    for (;;) {
      const to = self.whereis(`server-${i}`);
      if (to !== undefined && await self.call(to as Pid<Echo>, 1, { timeout: 2000 }).catch(() => 0) === 2) {
        break;
      }
      await self.sleep(1);
    }
  }
}
