/** What the callbacks do that Deno calls without a trace of the actor that has given them. */
import http from "node:http";
import type { AddressInfo } from "node:net";
import type { Actor, Exit, Outcome, SupervisorHandle } from "../../../smarm.ts";

const bang = () => {
  throw new Error("bang");
};

/** What a handler leaves behind. */
const LEFT_BEHIND: Record<string, (self: Actor) => unknown> = {
  "a rejection": () => void Promise.reject(new Error("bang")),
  "a timer": () => setTimeout(bang, 1),
  "a rejection after a wait": (self) => self.sleep(1).then(() => void Promise.reject(new Error("bang"))),
};

async function serves(self: Actor, what: string, port: (n: number) => void) {
  const server = Deno.serve({
    port: 0,
    hostname: "127.0.0.1",
    signal: self.signal,
    onListen: (at) => port(at.port),
  }, async () => {
    await LEFT_BEHIND[what](self);
    return new Response("served");
  });
  await server.finished;
}

async function leaves(self: Actor, what: string) {
  const port = Promise.withResolvers<number>();
  const serving = self.spawn((child: Actor) => serves(child, what, port.resolve));
  await get(await port.promise);
  return messageOf(await serving.join());
}

async function get(port: number): Promise<string> {
  const response = await fetch(`http://127.0.0.1:${port}/`);
  return await response.text();
}

export async function waits(self: Actor) {
  await self.receive();
}

async function asks(supervisor: SupervisorHandle): Promise<string> {
  await supervisor.startChild({ id: "second", start: [waits] });
  return String((await supervisor.children()).length);
}

/** A handler asks a supervisor that its own actor has started, and one that was sent here. */
async function supervised(self: Actor<SupervisorHandle>) {
  const server = (supervisor: SupervisorHandle) =>
    Deno.serve(
      { port: 0, hostname: "127.0.0.1", signal: self.signal, onListen() {} },
      async () => new Response(await asks(supervisor)),
    );
  const own = self.supervise({ children: [{ id: "first", start: [waits] }] });
  self.spawnWith({ scheduler: self.stats().schedulerCount - 1 }, lends, self.pid);
  const lent = await self.receive();
  return [await get(server(own).addr.port), await get(server(lent).addr.port)];
}

export async function lends(self: Actor, to: Actor<SupervisorHandle>["pid"]) {
  self.send(to, self.supervise({ children: [{ id: "first", start: [waits] }] }));
  await self.receive();
}

async function supervisedByNode(self: Actor) {
  const own = self.supervise({ children: [{ id: "first", start: [waits] }] });
  const server = http.createServer(async (_, response) => void response.end(await asks(own)));
  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
  const answer = await get((server.address() as AddressInfo).port);
  server.close();
  server.closeAllConnections();
  return answer;
}

/** In three ways: before the actor ends, with a request under way, by `using`. */
async function shutsDown(self: Actor) {
  const serve = (child: Actor, answer: () => Response | Promise<Response>) =>
    Deno.serve({ port: 0, hostname: "127.0.0.1", signal: child.signal, onListen() {} }, answer);
  const ended = self.spawn(async (child: Actor) => {
    await serve(child, () => new Response()).shutdown();
  });
  const midway = self.spawn(async (child: Actor) => {
    const asked = Promise.withResolvers<void>();
    const answer = Promise.withResolvers<Response>();
    const server = serve(child, () => {
      asked.resolve();
      return answer.promise;
    });
    const got = get(server.addr.port);
    await asked.promise;
    server.shutdown();
    self.exit(child.pid, "stop");
    await child.receive().catch(() => {});
    answer.resolve(new Response("late"));
    return await got;
  });
  const disposed = self.spawn(async (child: Actor) => {
    await using _server = serve(child, () => new Response());
    await child.yield();
  });
  const outcomes = [await ended.join(), await midway.join(), await disposed.join()];
  return outcomes.map((outcome) =>
    outcome.kind === "exit" ? outcome.value ?? "ended" : outcome.error.message
  );
}

/** A child of a supervisor that traps exits: its request is under way when it is told to end. */
async function finishes(self: Actor) {
  const port = Promise.withResolvers<number>();
  const asked = Promise.withResolvers<void>();
  const answer = Promise.withResolvers<Response>();
  const serves = async (child: Actor<Exit>) => {
    child.trapExit(true);
    const handler = () => {
      asked.resolve();
      return answer.promise;
    };
    const options = { port: 0, hostname: "127.0.0.1", signal: child.signal };
    const server = Deno.serve({ ...options, onListen: (at) => port.resolve(at.port) }, handler);
    await child.receive((message) => message.type === "EXIT");
    answer.resolve(new Response("late"));
    await server.shutdown();
  };
  const supervisor = self.supervise({ children: [{ id: "web", start: [serves] }] });
  const got = get(await port.promise);
  await asked.promise;
  self.exit(supervisor, "shutdown");
  return await got;
}

/** One actor serves, and has another one for each socket. */
async function sockets(self: Actor<string>) {
  const sessions: Promise<Outcome>[] = [];
  let sockets = 0;
  const session = async (child: Actor, socket: WebSocket, n: number) => {
    const removed = () => self.send(self.pid, "removed");
    socket.addEventListener("message", removed);
    socket.removeEventListener("message", removed);
    if (n === 1) socket.onmessage = bang;
    else if (n === 2) socket.addEventListener("message", { handleEvent: bang });
    else socket.onmessage = (event) => self.send(self.pid, event.data);
    await child.receive();
  };
  const serving = self.spawn(async (child: Actor<number>) => {
    const server = Deno.serve(
      {
        port: 0,
        hostname: "127.0.0.1",
        signal: child.signal,
        onListen: (at) => self.send(self.pid, `${at.port}`),
      },
      (request) => {
        const { socket, response } = Deno.upgradeWebSocket(request);
        const n = ++sockets;
        sessions.push(child.spawn((own: Actor) => session(own, socket, n)).join());
        return response;
      },
    );
    await server.finished;
  });
  const port = await self.receive();
  const clients: WebSocket[] = [];
  for (let n = 0; n < 3; n++) {
    const client = new WebSocket(`ws://127.0.0.1:${port}`);
    await new Promise((resolve) => client.onopen = resolve);
    client.send("hello");
    clients.push(client);
  }
  const heard = await self.receive();
  const ends = [messageOf(await sessions[0]), messageOf(await sessions[1])];
  for (const client of clients) {
    client.close();
    await new Promise((resolve) => client.onclose = resolve);
  }
  self.exit(serving, "stop");
  return [...ends, heard, messageOf(await serving.join())];
}

/** Two actors set the same listener, each at a socket of its own. */
async function sharesListener(self: Actor<string>) {
  const server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen() {} }, (request) => {
    const { socket, response } = Deno.upgradeWebSocket(request);
    socket.onmessage = (event) => socket.send(event.data);
    return response;
  });
  const session = async (child: Actor<WebSocket>) => {
    const socket = new WebSocket(`ws://127.0.0.1:${server.addr.port}`);
    socket.addEventListener("message", bang);
    await new Promise((resolve) => socket.onopen = resolve);
    self.send(self.pid, "open");
    const closed = new Promise((resolve) => socket.onclose = resolve);
    child.signal.addEventListener("abort", () => socket.close());
    sockets.push(socket);
    ends.push(closed);
    await child.receive();
  };
  const sockets: WebSocket[] = [], ends: Promise<unknown>[] = [];
  const first = self.spawn(session);
  await self.receive();
  const second = self.spawn(session);
  await self.receive();
  sockets[1].send("hello");
  const outcome = messageOf(await second.join());
  self.exit(first, "stop");
  const outcomes = [messageOf(await first.join()), outcome];
  await Promise.all(ends);
  await server.shutdown();
  return outcomes;
}

/** As the options of a server: what its class and its prototype give, with what only they see. */
class Site {
  port = 0;
  readonly #name = "site";
  readonly #actor: Actor<number>;

  constructor(actor: Actor<number>) {
    this.#actor = actor;
  }

  get hostname(): string {
    return this.#name === "site" ? "127.0.0.1" : "";
  }

  get signal(): AbortSignal {
    return this.#actor.signal;
  }

  onListen(at: Deno.NetAddr): void {
    this.#actor.send(this.#actor.pid, at.port);
  }

  handler(): Response {
    return new Response(this.#name);
  }
}

async function servesSite(self: Actor<number>) {
  await using _server = Deno.serve(new Site(self));
  return await get(await self.receive());
}

const messageOf = (outcome: Outcome) => outcome.kind === "panic" ? outcome.error.message : outcome.kind;

// deno-lint-ignore no-explicit-any
export function main(self: Actor<any>, kind: string) {
  if (kind === "supervised") return supervised(self);
  if (kind === "supervised by node") return supervisedByNode(self);
  if (kind === "shut down") return shutsDown(self);
  if (kind === "trapped") return finishes(self);
  if (kind === "sockets") return sockets(self);
  if (kind === "shared listener") return sharesListener(self);
  if (kind === "site") return servesSite(self);
  return leaves(self, kind);
}
