/**
 * Files that are at home where they were opened, and what becomes of them elsewhere. Each case is a function; `main` runs
 * the one that the test asks for.
 *
 * @module
 */
import type { Actor, File, Pid } from "smarm";
import { byteAt } from "./journey_bytes.ts";

const PIECE = 16_384;

/** Whether its scheduler has it: what a dump says of it. */
function isHome(file: File): boolean {
  return Deno.inspect(file).endsWith(", at home");
}

// deno-lint-ignore no-explicit-any
function elsewhere(self: Actor<any>): { scheduler: number } {
  const here = Number(self.format(self.pid).slice(1).split(".")[0]);
  return { scheduler: (here + 1) % self.stats().schedulerCount };
}

function bytesFrom(start: number, length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => byteAt(1, start + i));
}

// --- Actors ---------------------------------------------------------------------------------------------------------

export async function tellsHome(self: Actor, file: File, to: Pid<boolean>): Promise<void> {
  await file.stat();
  self.send(to, isHome(file));
}

/** Reads to the end: where it began, by what it read, and how much it was; -1 for a wrong byte. */
export async function readsOn(_self: Actor, file: File, start: number): Promise<number> {
  let at = start;
  for (let piece = await file.read(PIECE); piece !== null; piece = await file.read(PIECE)) {
    for (const byte of piece) if (byte !== byteAt(1, at++)) return -1;
  }
  file.close();
  return at - start;
}

export async function writesOn(_self: Actor, file: File, from: number, lines: number): Promise<void> {
  for (let i = from; i < from + lines; i++) file.write(`${i}\n`);
  await file.write(`${from + lines}\n`);
}

export async function writesToAll(_self: Actor, files: File[]): Promise<string> {
  await Promise.all(files.map((file) => file.write("after")));
  return "all written";
}

export async function readsOnce(_self: Actor, file: File, flag: SharedArrayBuffer): Promise<void> {
  await file.read(PIECE);
  Atomics.store(new Int32Array(flag), 0, 1);
}

export async function writesAndEnds(self: Actor, path: string, pieces: number): Promise<void> {
  const file = await self.io.create(path);
  for (let i = 0; i < pieces; i++) file.write(bytesFrom(i * 1000, 1000));
}

export async function writesUntilKilled(self: Actor, path: string): Promise<void> {
  const file = await self.io.create(path);
  for (let i = 0;; i++) await file.write(bytesFrom(i * 1000, 1000));
}

/**
 * A rejection that cannot be told to be its own: Deno calls what listens to such a signal without a context, and a listener
 * that is set like this is not seen by the runtime.
 */
export async function leavesBehind(self: Actor): Promise<void> {
  const signal = AbortSignal.timeout(1);
  const listener = () => void Promise.reject(new Error("left behind"));
  EventTarget.prototype.addEventListener.call(signal, "abort", listener);
  while (!signal.aborted) await self.sleep(1);
  await self.sleep(1);
}

// --- Cases ----------------------------------------------------------------------------------------------------------

/** Is it at home when it is opened, when a neighbour has used it, when one on another scheduler has, and from then on? */
async function places(self: Actor<boolean>, path: string): Promise<boolean[]> {
  const file = await self.io.create(path);
  const seen = [isHome(file)];
  self.spawnWith({ scheduler: "local" }, tellsHome, file, self.pid);
  seen.push(await self.receive());
  const again = await self.io.open(path);
  self.spawnWith(elsewhere(self), tellsHome, again, self.pid);
  seen.push(await self.receive());
  return seen;
}

/** `moved`: what happens to the path before the file is handed on. */
async function position(self: Actor, path: string, moved: string): Promise<number[]> {
  await self.io.writeFile(path, bytesFrom(0, PIECE * 20));
  const read: number[] = [];
  for (const pieces of [0, 1, 2, 3, 4]) { // the more in sequence, the more has been read ahead
    const file = await self.io.open(path);
    for (let i = 0; i < pieces; i++) await file.read(PIECE);
    if (moved === "remove") await self.io.remove(path);
    if (moved === "rename") await self.io.rename(path, `${path}.old`);
    if (moved !== "stay") await self.io.writeFile(path, bytesFrom(7, PIECE * 20)); // now it is another's
    const { value } = await self.spawnWith(elsewhere(self), readsOn, file, pieces * PIECE).join() as {
      value: number;
    };
    read.push(value / PIECE + pieces);
    if (moved !== "stay") await self.io.writeFile(path, bytesFrom(0, PIECE * 20));
  }
  return read;
}

/** Writes of one actor after the other, none of them awaited before the file goes on. */
async function pending(self: Actor, path: string): Promise<boolean> {
  const schedulers = self.stats().schedulerCount;
  for (let round = 0; round < 30; round++) {
    await self.io.remove(path).catch(() => {});
    const file = await self.io.open(path, { create: true, [round % 2 === 1 ? "append" : "write"]: true });
    for (let i = 0; i < round; i++) file.write(`${i}\n`);
    const scheduler = round % 3 === 0 ? undefined : { scheduler: round % schedulers };
    const next = scheduler === undefined
      ? self.spawn(writesOn, file, round, 20)
      : self.spawnWith(scheduler, writesOn, file, round, 20);
    await next.join();
    const lines = (await self.io.readTextFile(path)).trimEnd().split("\n");
    if (!lines.every((line, i) => line === String(i)) || lines.length !== round + 21) return false;
  }
  return true;
}

/** One that reads ahead hands the file on, and gives way to nobody until the other has read. */
async function busy(self: Actor, path: string): Promise<string> {
  await self.io.writeFile(path, bytesFrom(0, PIECE * 20));
  const file = await self.io.open(path);
  for (let i = 0; i < 4; i++) await file.read(PIECE);
  const flag = new SharedArrayBuffer(4);
  self.spawnWith(elsewhere(self), readsOnce, file, flag);
  if (self.stats().schedulerCount > 1) { while (Atomics.load(new Int32Array(flag), 0) === 0); }
  return "both went on";
}

async function pipe(self: Actor, path: string): Promise<[boolean, string]> {
  await self.io.command("mkfifo", { args: [path] }).output();
  const reading = self.io.open(path);
  const writer = await self.io.open(path, { write: true });
  const reader = await reading;
  await writer.write("through\n");
  const bytes = await reader.read();
  return [isHome(reader) || isHome(writer), new TextDecoder().decode(bytes!)];
}

async function ends(self: Actor, path: string): Promise<void> {
  await self.spawn(writesAndEnds, `${path}.ended`, 500).join();
  const killed = self.spawn(writesUntilKilled, `${path}.killed`);
  await self.sleep(30);
  self.exit(killed, "shutdown");
  await killed.join();
  self.spawn(writesAndEnds, `${path}.last`, 500);
}

/** The answer to whoever gets a file that cannot be opened again. */
async function lost(self: Actor, path: string): Promise<void> {
  const file = await self.io.create(path);
  await file.write("something");
  await self.io.remove(path);
  const outcome = await self.spawnWith(elsewhere(self), readsOn, file, 0).join();
  console.log(outcome.kind === "panic" ? outcome.error.message.replaceAll(path, "PATH") : outcome.kind);
}

/** Opened by a path that says nothing any more when the file is handed on. */
async function relative(self: Actor, path: string): Promise<void> {
  await self.io.writeFile(path, bytesFrom(0, PIECE));
  Deno.chdir(path.slice(0, path.lastIndexOf("/")));
  const file = await self.io.open(path.slice(path.lastIndexOf("/") + 1));
  Deno.chdir("/");
  const outcome = await self.spawnWith(elsewhere(self), readsOn, file, 0).join();
  console.log(outcome.kind === "exit" ? outcome.value : outcome.error.message);
}

/** Who opens the first file, or has a module loaded, answers for nothing that others leave behind. */
async function blame(self: Actor, path: string, first: string): Promise<void> {
  if (first === "file") await self.io.create(path);
  else await self.spawn(new URL("./journey_bytes.ts", import.meta.url)).join();
  const outcome = await self.spawnWith({ scheduler: "local" }, leavesBehind).join();
  console.log(outcome.kind);
}

/** Hands on as many files as can be open at a time, but for a few. */
async function many(self: Actor, path: string, count: string): Promise<void> {
  const files = await Promise.all(
    Array.from({ length: Number(count) }, (_, i) => self.io.create(`${path}.${i}`)),
  );
  for (const file of files) file.write("before, ");
  const outcome = await self.spawnWith(elsewhere(self), writesToAll, files).join();
  console.log(outcome.kind === "exit" ? outcome.value : outcome.error.message);
}

// deno-lint-ignore no-explicit-any
const CASES: Record<string, (self: Actor<any>, path: string, detail: string) => Promise<unknown>> = {
  places,
  position,
  pending,
  busy,
  pipe,
  ends,
  lost,
  relative,
  blame,
  many,
};

export function main(self: Actor, name: string, path: string, detail = ""): Promise<unknown> {
  return CASES[name](self, path, detail);
}
