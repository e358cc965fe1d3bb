/**
 * HTTP in the two ways that keep all schedulers busy.
 *
 *     deno run -A smarm.ts examples/http_server.ts [spread | shared] [port]
 *     curl localhost:8000/primes/100000
 *
 * `spread`: one `Deno.serve` inside an actor, which hands requests to worker actors on all schedulers and waits for
 * their answers. The sockets stay with one scheduler; what is computed for a request does not.
 *
 * `shared`: each scheduler has an acceptor with a `Deno.serve` of its own on the same port (`reusePort`), and the
 * system deals connections out. Nothing crosses threads, but one slow request delays those of its own scheduler.
 *
 * @module
 */

import type { Actor, Call, Pid } from "smarm";

/** A request as workers see it. */
type Question = { path: string };
type Answer = { status: number; text: string };

/** What the server computes: the work that is to be spread. */
export function answer({ path }: Question): Answer {
  const primes = /^\/primes\/(\d{1,7})$/.exec(path);
  if (primes !== null) return { status: 200, text: `${countPrimes(Number(primes[1]))}\n` };
  if (path === "/") return { status: 200, text: "Hello from smarm\n" };
  return { status: 404, text: "Nothing here\n" };
}

function countPrimes(below: number): number {
  const composite = new Uint8Array(below);
  let count = 0;
  for (let n = 2; n < below; n++) {
    if (composite[n] === 1) continue;
    count++;
    for (let multiple = n * n; multiple < below; multiple += n) composite[multiple] = 1;
  }
  return count;
}

/** Answers questions, one after the other. */
export async function worker(self: Actor<Call<Question, Answer>>): Promise<void> {
  for await (const call of self) call.reply(answer(call.request));
}

/** Serves until it is told to end; gives the port on which it listens to `announceTo`. */
async function serve(
  self: Actor,
  port: number,
  reusePort: boolean,
  announceTo: Pid<number>,
  handle: (question: Question) => Answer | Promise<Answer>,
): Promise<void> {
  const server = Deno.serve({
    port,
    reusePort,
    signal: self.signal,
    onListen: (addr) => self.send(announceTo, addr.port),
    onError: (error) => new Response(`${error}\n`, { status: 500 }),
  }, async (request) => {
    const { status, text } = await handle({ path: new URL(request.url).pathname });
    return new Response(text, { status });
  });
  await server.finished;
}

/** One server whose requests are answered by workers on all schedulers in turn. */
export async function spread(self: Actor, port: number, announceTo: Pid<number>): Promise<void> {
  const { schedulerCount } = self.stats();
  const workers = Array.from(
    { length: schedulerCount },
    (_, scheduler) => self.spawnWith({ scheduler, link: true }, worker),
  );
  let next = 0;
  await serve(self, port, false, announceTo, (question) => {
    next = (next + 1) % workers.length;
    return self.call(workers[next], question);
  });
}

/** A server of one scheduler. */
export async function acceptor(self: Actor, port: number, announceTo: Pid<number>): Promise<void> {
  await serve(self, port, true, announceTo, answer);
}

export async function main(self: Actor<number>, mode = "spread", portText = "8000"): Promise<void> {
  const port = Number(portText);
  if (mode === "spread") {
    self.spawnWith({ link: true, scheduler: "local" }, spread, port, self.pid);
    console.log(`HTTP on port ${await self.receive()}`);
  } else if (mode === "shared") {
    self.spawnWith({ link: true, scheduler: "local" }, acceptor, port, self.pid);
    const bound = await self.receive();
    for (let scheduler = 0; scheduler < self.stats().schedulerCount; scheduler++) {
      if (scheduler === 0) continue; // the first one runs here, and has chosen the port
      self.spawnWith({ link: true, scheduler }, acceptor, bound, self.pid);
      await self.receive();
    }
    console.log(`HTTP on port ${bound}`);
  } else throw new TypeError(`Cannot serve in mode ${JSON.stringify(mode)}. Choose spread or shared`);
  await self.receive(); // until the run is stopped
}
