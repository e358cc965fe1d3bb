/** Programs that use Unix sockets, TLS, UDP, commands, signals and the standard streams. */
import { CERT, KEY } from "../../support/certificate.ts";
import type {
  Actor,
  Call,
  Child,
  ChildOutput,
  Conn,
  DatagramConn,
  File,
  Listener,
  Pid,
  SignalSubscription,
} from "smarm";

const decode = (bytes: Uint8Array | null) => bytes === null ? null : new TextDecoder().decode(bytes);
const portOf = (addr: Deno.Addr) => (addr as Deno.NetAddr).port;

export async function unix(self: Actor, folder: string) {
  const path = `${folder}/socket`;
  const listener = await self.io.listen({ transport: "unix", path });
  self.spawn(answer, listener);
  const conn = await self.io.connect({ transport: "unix", path });
  await conn.write("hello");
  return decode(await conn.read());
}
export async function answer(self: Actor, listener: Listener) {
  void self;
  const conn = await listener.accept();
  const text = decode(await conn.read());
  await conn.write(`${text} to you`);
  await conn.closeWrite();
  await conn.read();
}

export async function tls(self: Actor) {
  const alpnProtocols = ["h2", "spoken/1"];
  const listener = await self.io.listen({
    hostname: "127.0.0.1",
    port: 0,
    cert: CERT,
    key: KEY,
    alpnProtocols,
  });
  const server = self.spawn(answersMany, listener);
  const conn = await self.io.connect({
    hostname: "localhost",
    port: portOf(listener.addr),
    tls: { caCerts: [CERT], alpnProtocols: ["spoken/1"], cert: CERT, key: KEY },
  });
  const { alpnProtocol } = await conn.handshake();
  await conn.write("secret");
  const text = decode(await conn.read());
  conn.close();
  const untrusted = await self.io.connectTls({ hostname: "localhost", port: portOf(listener.addr) })
    .then((one) => one.handshake()).then(() => "trusted", (error) => error.name);
  self.exit(server, "shutdown");
  return { text, alpnProtocol, untrusted };
}

/** A name server of a few bytes: it says of every name that it is 192.0.2.7, or that there is none. */
export async function nameServer(self: Actor, socket: DatagramConn) {
  void self;
  for await (const [query, from] of socket) {
    let end = 12;
    while (query[end] !== 0) end += query[end] + 1;
    const question = query.subarray(12, end + 5); // the name, its end, type and class
    const known = query[13] === "k".charCodeAt(0);
    const head = [query[0], query[1], 0x81, known ? 0x80 : 0x83, 0, 1, 0, known ? 1 : 0, 0, 0, 0, 0];
    const record = known ? [0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 9, 0, 4, 192, 0, 2, 7] : [];
    await socket.send(new Uint8Array([...head, ...question, ...record]), from);
  }
}
export async function dns(self: Actor) {
  const socket = await self.io.datagram({ port: 0 });
  const nameServerAt = { ipAddr: "127.0.0.1", port: socket.addr.port };
  const silent = await self.io.datagram({ port: 0 });
  const server = self.spawn(nameServer, socket);
  const ask = (name: string, options: Deno.ResolveDnsOptions & { timeout?: number }) =>
    self.io.resolveDns(name, "A", options).catch((error: Error) => error.name);
  const told = {
    known: await ask("known.example.", { nameServer: nameServerAt }),
    unknown: await ask("unknown.example.", { nameServer: nameServerAt }),
    late: await ask("known.example.", {
      nameServer: { ipAddr: "127.0.0.1", port: silent.addr.port },
      timeout: 20,
    }),
  };
  self.exit(server, "shutdown");
  return told;
}

export async function answersMany(self: Actor, listener: Listener) {
  while (!self.signal.aborted) await answer(self, listener).catch(() => {});
}

export async function udp(self: Actor) {
  const a = await self.io.datagram({ port: 0 });
  const b = await self.io.datagram({ port: 0 });
  const early = await b.receive({ timeout: 5 }).then(() => "", (error) => error.name);
  const sent = await a.send(new TextEncoder().encode("ping"), b.addr);
  const [bytes, from] = await b.receive();
  await b.send(new TextEncoder().encode("pong"), from);
  const [back] = await a.receive();
  let count = 0;
  self.spawnWith({ scheduler: "local" }, closesLater, b);
  for await (const _ of b) count++;
  return { early, sent, ping: decode(bytes), fromA: from.port === a.addr.port, pong: decode(back), count };
}
/** What was to be sent is sent, although its socket is closed at once. */
export async function udpClosedAtOnce(self: Actor) {
  const to = await self.io.datagram({ port: 0 });
  const sent: unknown[] = [];
  for (const hostname of ["127.0.0.1", "localhost"]) {
    const from = await self.io.datagram({ port: 0 });
    const sending = from.send(new TextEncoder().encode(hostname), { hostname, port: to.addr.port });
    from.close();
    sent.push(await sending, decode((await to.receive())[0]));
    sent.push(await from.send(new Uint8Array(1), to.addr).catch((error) => error.name));
  }
  return sent;
}

/** A server that has ended and is started again, here or there, finds its port free. */
export async function udpAgain(self: Actor) {
  const { schedulerCount } = self.stats();
  const first = await self.spawn(bindsPort, 0).join();
  const port = first.kind === "exit" ? first.value : 0;
  const refused: unknown[] = [];
  for (let i = 0; i < 100; i++) {
    const server = self.spawnWith({ scheduler: i % schedulerCount }, bindsPort, port);
    const outcome = await server.join();
    if (outcome.kind === "panic") refused.push(outcome.error.name);
  }
  return refused;
}
export async function bindsPort(self: Actor, port: number) {
  const { addr } = await self.io.datagram({ port });
  return addr.port;
}

/** Sockets are refused with Deno's own errors. */
export async function udpRefused(self: Actor) {
  const { addr } = await self.io.datagram({ port: 0 });
  const name = (error: Error) => error.constructor.name;
  return [
    await self.io.datagram({ port: addr.port }).catch(name),
    await self.io.datagram({ hostname: "192.0.2.1" }).catch(name),
    await self.io.datagram({ port: 65536 + addr.port }).catch(name),
    (await self.io.datagram({ hostname: "" })).addr.hostname,
  ];
}
/** It may use one port of this machine, and no other. */
export async function udpForbidden(self: Actor, allowed: string) {
  const told = (error: Error) => console.log(error.name, error.message);
  await self.io.datagram({ port: 0 }).catch(told);
  await self.io.datagram({ port: 0, hostname: "localhost" }).catch(told);
  const socket = await self.io.datagram({ port: Number(allowed) });
  await socket.send(new Uint8Array(1), { port: 9 }).catch(told);
  await socket.send(new Uint8Array(1), { port: 9, hostname: "localhost" }).catch(told);
}
// deno-lint-ignore no-explicit-any
export function closesLater(_self: Actor, socket: any) {
  socket.close();
}

export async function commands(self: Actor) {
  const told = (promise: Promise<unknown>) => promise.catch((error) => error);
  const out = await self.io.command("sh", { args: ["-c", "echo out; echo err >&2; exit 3"] }).output();
  const cat = await self.io.command("cat", { stdin: "piped", stdout: "piped" }).spawn();
  const lines: string[] = [];
  await cat.stdin.write("one\ntwo\n");
  cat.stdin.close();
  for await (const line of cat.stdout.lines()) lines.push(line);
  const status = await cat.status();
  const missing = await told(self.io.command("/nowhere/nothing").output()) as Error;
  const sleeper = await self.io.command("sleep", { args: ["60"], stdout: "null" }).spawn();
  const noPipe = (() => {
    try {
      return String(sleeper.stdin);
    } catch (error) {
      return (error as Error).name;
    }
  })();
  const late = await told(sleeper.status({ timeout: 5 })) as Error;
  await sleeper.kill("SIGTERM");
  const killed = await sleeper.status();
  const overdue = await told(self.io.command("sleep", { args: ["60"] }).output({ timeout: 20 })) as Error;
  return {
    out: [out.code, decode(out.stdout), decode(out.stderr)],
    lines,
    code: status.code,
    missing: missing instanceof Deno.errors.NotFound,
    noPipe,
    late: late.name,
    killed: killed.signal,
    overdue: overdue.name,
  };
}

/** The signal of a command ends it later too, here and where it was sent; one that has ended does not mind. */
export async function abortedLater(self: Actor) {
  const there = self.stats().schedulerCount - 1;
  const over = new AbortController();
  const sleeps = self.io.command("sleep", { args: ["60"], stdout: "null", signal: over.signal });
  const here = await sleeps.spawn(), sent = await sleeps.spawn();
  const waits = self.spawnWith({ scheduler: there }, waitsForChild, sent);
  const quick = await self.io.command("true", { stdout: "null", signal: over.signal }).spawn();
  const before = await quick.status();
  over.abort();
  const outcome = await waits.join();
  const late = await sleeps.spawn().catch((error) => error.name);
  return [before.code, (await here.status()).signal, outcome.kind === "exit" && outcome.value, late];
}
export async function waitsForChild(_self: Actor, child: Child) {
  return (await child.status()).signal;
}
/** How many children are kept by the signal they were made with, when they were closed, or their owner has ended. */
export async function keptChildren(self: Actor) {
  const { signal } = new AbortController();
  const given: WeakRef<object>[] = [];
  const start = async (starter: Actor, command: string) => {
    const child = await starter.io.command(command, { args: ["60"], stdout: "null", signal }).spawn();
    given.push(new WeakRef(child));
    return child;
  };
  for (let i = 0; i < 3; i++) {
    (await start(self, "sleep")).close();
    await self.spawn(async (starter: Actor) => void await start(starter, "sleep")).join();
  }
  await new Promise<void>((resolve) => setTimeout(resolve)); // a weak reference keeps its object until the turn is over
  (globalThis as unknown as { gc(): void }).gc();
  const kept = given.filter((one) => one.deref() !== undefined).length;
  console.log(kept <= 1 ? "lets go" : `keeps ${kept} of ${given.length}`, signal.aborted); // the last may be in use yet
}

/** A command goes to another actor with its pipes, and one of them without it; whoever has started it ends. */
export async function handedOn(self: Actor) {
  const there = self.stats().schedulerCount - 1;
  const told: unknown[] = [];
  for (const what of ["child", "stdout"] as const) {
    for (const scheduler of [0, there]) {
      const takes = self.spawnWith({ scheduler }, takesOver);
      const starter = self.spawnWith({ scheduler: 0 }, startsFor, takes.pid, what);
      await starter.join();
      self.send(takes, null);
      const outcome = await takes.join();
      told.push(outcome.kind === "exit" ? outcome.value : outcome.error.message);
    }
  }
  return told;
}
export async function startsFor(self: Actor, to: Pid<Child | ChildOutput | null>, what: "child" | "stdout") {
  const options = { args: ["-c", "echo begins; cat"], stdin: "piped", stdout: "piped" } as const;
  const child = await self.io.command("sh", options).spawn();
  await child.stdin.write("said\n");
  if (what === "child") return self.send(to, child);
  child.stdin.close();
  await child.status();
  self.send(to, child.stdout);
}
export async function takesOver(self: Actor<Child | ChildOutput | null>) {
  const given = await self.receive();
  await self.receive(); // whoever had it has ended
  const lines: string[] = [];
  if (given === null) return lines;
  if ("stdin" in given) {
    await given.stdin.write("more\n");
    given.stdin.close();
  }
  for await (const line of "stdin" in given ? given.stdout.lines() : given.lines()) lines.push(line);
  return "stdin" in given ? [...lines, (await given.status()).code] : lines;
}

/** A command runs in the folder of a URL, whatever characters that has. */
export async function folderOfUrl(self: Actor, folder: string) {
  const path = `${folder}/a b%`;
  await self.io.mkdir(path);
  const cwd = new URL(`file://${folder}/a%20b%25`);
  const { stdout } = await self.io.command("pwd", { cwd }).output();
  return decode(stdout) === `${await self.io.realPath(path)}\n`;
}

/** What a command has left behind writes no more once nobody waits for the output. */
export async function leftBehind(self: Actor, folder: string) {
  const script = `(echo $BASHPID > ${folder}/pid; exec yes) & wait`;
  const over = new AbortController();
  const output = self.io.command("bash", { args: ["-c", script] }).output({ signal: over.signal });
  const told = output.catch((error) => error.name);
  let pid = "";
  while (!pid.endsWith("\n")) pid = await self.io.readTextFile(`${folder}/pid`).catch(() => "");
  while (await self.io.readTextFile(`/proc/${pid.trim()}/comm`) !== "yes\n");
  over.abort();
  const comm = () => self.io.readTextFile(`/proc/${pid.trim()}/comm`).catch(() => "");
  while (await comm() === "yes\n" && !await isZombie(self, pid.trim())) await self.sleep(1);
  return await told;
}
async function isZombie(self: Actor, pid: string) {
  return / Z /.test(await self.io.readTextFile(`/proc/${pid}/stat`).catch(() => " Z "));
}

/** A command ends with its owner. */
export async function orphan(self: Actor) {
  const owner = self.spawn(startsSleep, self.pid);
  const pid = await self.receive() as number;
  self.kill(owner);
  for (let i = 0; i < 500; i++) {
    const alive = await self.io.stat(`/proc/${pid}`).then(() => true, () => false);
    if (!alive) return "gone";
    await self.sleep(10);
  }
  return "alive";
}
export async function startsSleep(self: Actor, to: Actor["pid"]) {
  const child = await self.io.command("sleep", { args: ["60"] }).spawn();
  self.send(to as never, child.pid as never);
  await self.receive();
}

export async function signals(self: Actor) {
  const seen: unknown[] = [];
  const iterated = self.io.signals("SIGUSR2");
  const mailed = self.io.signals("SIGHUP", { messages: true });
  await self.io.stat("."); // both subscriptions are in force: the poller serves in order
  Deno.kill(Deno.pid, "SIGHUP");
  seen.push(await self.receive());
  mailed.close();
  Deno.kill(Deno.pid, "SIGUSR2");
  for await (const signal of iterated) {
    seen.push(signal);
    break;
  }
  // deno-lint-ignore no-explicit-any
  const bad = self.io.signals("SIGKILL" as any);
  seen.push(await bad.next().then(() => "", (error) => error.name));
  try {
    // deno-lint-ignore no-explicit-any
    self.io.signals("SIGKILL" as any, { messages: true });
  } catch (error) { // nobody would ask for it, and so be told
    seen.push((error as Error).name);
  }
  return seen;
}

/** Signals come to whoever was given the subscription, from any scheduler. */
export async function givenSignals(self: Actor) {
  const seen: unknown[] = [];
  const { schedulerCount } = self.stats();
  for (let scheduler = 0; scheduler < schedulerCount; scheduler++) {
    const opener = self.spawnWith({ scheduler }, subscribes);
    const subscription = await self.call(opener, "subscribe");
    await opener.join();
    (await self.io.listen({ port: 0 })).close(); // the poller knows by now whose it is
    Deno.kill(Deno.pid, "SIGHUP");
    seen.push(await self.receive({ timeout: 20_000 }).catch((error) => error.name));
    subscription.close();
  }
  return seen.length === schedulerCount &&
    seen.every((one) => (one as { signal?: string }).signal === "SIGHUP");
}
export async function subscribes(self: Actor<Call<string, SignalSubscription>>) {
  const call = await self.receive();
  const subscription = self.io.signals("SIGHUP", { messages: true });
  await self.io.stat(".");
  call.reply(subscription);
}

/** A signal ends the process unless the subscription was in force before. */
export async function subscribesAgain(self: Actor) {
  await self.io.stat("."); // from here on a scheduler does that itself
  for (let i = 0; i < 1000; i++) {
    using subscription = self.io.signals("SIGHUP");
    await self.io.stat(".");
    Deno.kill(Deno.pid, "SIGHUP");
    await subscription.next();
  }
  console.log("came every time");
}

export async function standard(self: Actor) {
  const { io } = self;
  const first = decode(await io.stdin.read(4));
  const two: string[] = [];
  for await (const line of io.stdin.lines()) {
    two.push(line);
    if (two.length === 2) break;
  }
  const child = self.spawn(readsTheRest);
  const rest = await child.join();
  await io.stdout.write(`${first}|${two.join(",")}|${rest.kind === "exit" ? rest.value : "?"}\n`);
  io.stdout.write("not awaited\n");
  await io.stderr.write("to stderr\n");
  await self.io.stdout.writable.getWriter().write(new TextEncoder().encode("by a stream\n"));
}
export async function readsTheRest(self: Actor) {
  let rest = "";
  for await (const piece of self.io.stdin) rest += decode(piece);
  return rest.trim();
}

/** Gives a descriptor-limited OS error, in a process that was started with few. */
export async function descriptors(self: Actor) {
  const open: Promise<unknown>[] = [];
  for (let i = 0; i < 400; i++) open.push(self.io.open("/dev/null"));
  const results = await Promise.allSettled(open);
  const failed = results.find((one) => one.status === "rejected");
  console.log(failed === undefined ? "no limit" : (failed as PromiseRejectedResult).reason.message);
  const after = await self.io.readTextFile("/proc/self/comm").then(() => "reads", (error) => error.message);
  console.log(after === "reads" || /os error 24/.test(after) ? "goes on" : after);
}

/** No thread of the pool can be started while all descriptors are used, and later one can. */
export async function blockingWithout(self: Actor) {
  const open: File[] = [];
  for (;;) {
    const file = await self.io.open("/dev/null").catch(() => null);
    if (file === null) break;
    open.push(file);
  }
  console.log(await self.blocking(five).catch((error) => error.message));
  for (const file of open) file.close();
  await self.io.stat(".");
  console.log(await self.blocking(five));
}
export function five() {
  return 5;
}

export async function permission(self: Actor) {
  const error = await self.io.open("/etc/hostname").catch((one) => one);
  console.log(error.name, error.message);
}

/** Only a signal can wake it: that is no deadlock. */
export async function waitsForSignal(self: Actor) {
  self.io.signals("SIGHUP", { messages: true });
  await self.io.stat("."); // the poller serves in order: from here on the signal is caught
  console.log("ready");
  console.log(JSON.stringify(await self.receive()));
}

/** A connection that came here and that nobody reads: the run ends and closes it. */
export async function server(self: Actor) {
  const listener = await self.io.listen({ port: 0, hostname: "127.0.0.1" });
  console.log(`port ${portOf(listener.addr)}`);
  const conns: Conn[] = [];
  for await (const conn of listener) conns.push(conn);
}

/** A command that is closed, whose pipes nobody has touched. */
export async function closesChild(self: Actor) {
  const child = await self.io.command("cat", { stdin: "piped", stdout: "piped", stderr: "piped" }).spawn();
  child.close();
  await self.receive();
}

const PROGRAMS = {
  closesChild,
  unix,
  tls,
  dns,
  udp,
  commands,
  handedOn,
  abortedLater,
  keptChildren,
  folderOfUrl,
  leftBehind,
  udpRefused,
  udpClosedAtOnce,
  udpAgain,
  udpForbidden,
  orphan,
  signals,
  givenSignals,
  subscribesAgain,
  standard,
  descriptors,
  blockingWithout,
  permission,
  waitsForSignal,
  server,
};

export function main(self: Actor, name: keyof typeof PROGRAMS, ...args: string[]) {
  // deno-lint-ignore no-explicit-any
  return (PROGRAMS[name] as any)(self, ...args);
}
