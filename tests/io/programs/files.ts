/** Programs that use files, one exported function each; `main` runs the one that it is told. */
import type { Actor, File, Pid } from "smarm";

const decode = (bytes: Uint8Array | null) => bytes === null ? null : new TextDecoder().decode(bytes);

export async function roundTrip(self: Actor, folder: string) {
  const path = `${folder}/round.txt`;
  await self.io.writeTextFile(path, "one\ntwo\r\nthree");
  const text = await self.io.readTextFile(path);
  const file = await self.io.open(path);
  const first = decode(await file.read(3));
  const rest = decode(await file.read(100));
  const end = await file.read(100);
  const position = await file.seek(4, 0);
  const lines: string[] = [];
  for await (const line of file.lines()) lines.push(line);
  const size = (await file.stat()).size;
  file.close();
  const closed = await file.read(1).then(() => "read", (error) => error.name);
  return { text, first, rest, end, position, lines, size, closed };
}

/** How often a read gave an end although bytes had come since the one before. */
export async function grownAfterItsEnd(self: Actor, folder: string) {
  const path = `${folder}/grows`;
  await Deno.writeTextFile(path, "begin");
  const file = await self.io.open(path);
  let missed = 0;
  for (let round = 0; round < 50; round++) {
    while (await file.read() !== null);
    await file.read();
    await self.io.stat(folder); // time for what is read ahead
    await Deno.writeTextFile(path, `round ${round}`, { append: true });
    if (await file.read() === null) missed++;
  }
  return missed;
}

export async function folders(self: Actor, folder: string) {
  const { io } = self;
  await io.mkdir(`${folder}/a/b`, { recursive: true });
  await io.writeFile(`${folder}/a/x`, new Uint8Array([1, 2, 3]));
  await io.rename(`${folder}/a/x`, `${folder}/a/y`);
  await io.copyFile(`${folder}/a/y`, `${folder}/a/z`);
  const entries: string[] = [];
  for await (const entry of io.readDir(`${folder}/a`)) {
    entries.push(`${entry.name}:${entry.isFile ? "file" : entry.isDirectory ? "folder" : "?"}`);
  }
  const stat = await io.stat(new URL(`file://${folder}/a/z`));
  await io.remove(`${folder}/a`, { recursive: true });
  const gone = await io.lstat(`${folder}/a`).then(
    () => false,
    (error) => error instanceof Deno.errors.NotFound,
  );
  return { entries: entries.sort(), size: stat.size, mtime: stat.mtime instanceof Date, gone };
}

export async function writes(self: Actor, folder: string) {
  const path = `${folder}/writes`;
  const file = await self.io.create(path);
  // Nobody awaits the first ones: they are written in the order of asking.
  const pending = [file.write("a"), file.write("bb"), file.write(new Uint8Array(200_000).fill(99))];
  const counts = await Promise.all(pending);
  await file.seek(1, 0);
  const between = decode(await file.read(2));
  await file.write("X"); // at 3, wherever the poller has read ahead to
  await file.truncate(6);
  await file.sync();
  await file.seek(0, 0);
  const all = decode(await file.read(100));
  file.close();
  return { counts, between, all };
}

export async function readAhead(self: Actor, folder: string) {
  const path = `${folder}/ahead`;
  const bytes = new Uint8Array(400_000).map((_, i) => i % 251);
  await self.io.writeFile(path, bytes);
  const file = await self.io.open(path, { read: true, write: true });
  let at = 0;
  let wrong = 0;
  for (let i = 0; i < 6; i++) {
    const piece = (await file.read(32 * 1024))!;
    for (const byte of piece) if (byte !== bytes[at++]) wrong++;
  }
  const position = await file.seek(0, 1); // where the program is, not the poller
  await file.write(new Uint8Array([255]));
  await file.seek(at, 0);
  const written = (await file.read(1))![0];
  file.close();
  return { wrong, isWhere: position === at, written };
}

/** Opens a file, gives it to an actor whose module is not loaded yet, and ends. */
export async function lends(self: Actor, path: string, to: Pid): Promise<Pid> {
  const file = await self.io.open(path);
  return self.spawn(new URL("./reads_later.ts", import.meta.url), file, to).pid;
}

/** A file that was given to a module's main outlives who gave it. */
export async function givenToAModule(self: Actor, folder: string) {
  await self.io.writeTextFile(`${folder}/given`, "still open");
  const outcome = await self.spawnWith({ scheduler: "local" }, lends, `${folder}/given`, self.pid).join();
  if (outcome.kind === "panic") throw outcome.error;
  self.send(outcome.value, "read");
  return await self.receive();
}

type Nested = { file?: File; within?: Nested } | Error | Map<string, Nested> | Nested[];

/** Ways to nest a file in what is sent. */
const NESTINGS: Record<string, (file: File) => Nested> = {
  deep: (file) => {
    let nested: Nested = { file };
    for (let i = 0; i < 100_000; i++) nested = { within: nested };
    return nested;
  },
  cause: (file) => new Error("with a file", { cause: { file } }),
  property: (file) => Object.assign(new Error("with a file"), { within: { file } }),
  errors: (file) => new AggregateError([{ file }]),
  map: (file) => new Map([["within", { file }]]),
  sparse: (file) => {
    const array: Nested[] = [];
    array[2 ** 32 - 2] = { file };
    return array;
  },
};

/** Takes the file out of what it was sent in, and reads it when it is told to. */
export async function readsNested(self: Actor<Nested | Pid<string>>): Promise<void> {
  let nested = await self.receive() as Nested | undefined;
  while (nested !== undefined && !("file" in nested)) {
    if (nested instanceof Map) nested = nested.get("within");
    else if (Array.isArray(nested)) nested = Object.values(nested)[0];
    else {
      const { within, cause, errors } = nested as { within?: Nested; cause?: Nested; errors?: Nested[] };
      nested = within ?? cause ?? errors?.[0];
    }
  }
  const to = await self.receive() as Pid<string>;
  self.send(to, new TextDecoder().decode((await nested!.file!.read(100))!));
}

export async function lendsNested(
  self: Actor,
  path: string,
  how: string,
  to: Pid<Nested | Pid<string>>,
): Promise<void> {
  self.send(to, NESTINGS[how](await self.io.open(path)));
}

/** A file outlives who has sent it, however it was nested. */
export async function nested(self: Actor, folder: string) {
  await self.io.writeTextFile(`${folder}/nested`, "still open");
  const told: unknown[] = [];
  for (const how in NESTINGS) {
    for (const { id } of self.stats().schedulers) {
      const reader = self.spawnWith({ scheduler: id }, readsNested);
      const lender = self.spawnWith({ scheduler: 0 }, lendsNested, `${folder}/nested`, how, reader.pid);
      const outcome = await lender.join();
      if (outcome.kind === "panic") throw outcome.error;
      self.send(reader, self.pid);
      told.push(await self.receive());
      await reader.join();
    }
  }
  return [...new Set(told)];
}

/** Big pieces are copied into buffers that are used again: each is written as it was when it was given, at its length. */
export async function bigPieces(self: Actor, folder: string) {
  const lengths = [300_000, 1_048_576, 131_073, 262_144, 1_000_000, 2_000_000, 262_145];
  const paths = [`${folder}/one`, `${folder}/other`];
  const counts: number[] = [];
  for (const path of paths) {
    using file = await self.io.create(path);
    for (let round = 0; round < 3; round++) { // the later ones find the buffers of those before
      const piece = new Uint8Array(2_000_000);
      const writing = lengths.map((length, i) => {
        piece.fill(round * lengths.length + i);
        return file.write(piece.subarray(0, length));
      });
      piece.fill(255);
      counts.push(...await Promise.all(writing));
    }
  }
  let wrong = 0;
  for (const path of paths) {
    using file = await self.io.open(path);
    let at = 0;
    let expected: number[] = [];
    for (let round = 0; round < 3; round++) {
      expected = expected.concat(lengths.map((_, i) => round * lengths.length + i));
    }
    const ends = expected.map((_, i) =>
      expected.slice(0, i + 1).reduce((sum, one) => sum + lengths[one % lengths.length], 0)
    );
    for await (const bytes of file) {
      for (const byte of bytes) {
        while (at >= ends[0]) {
          ends.shift();
          expected.shift();
        }
        if (byte !== expected[0]) wrong++;
        at++;
      }
    }
    if (ends.length !== 1 || at !== ends[0]) wrong++;
  }
  return { counts: counts.every((count, i) => count === lengths[i % lengths.length]), wrong };
}

/** What is wrong with what is written of node's arrays, which are changed at once. */
export async function ofNode(self: Actor, folder: string) {
  const { Buffer } = await import("node:buffer");
  const path = `${folder}/of_node`;
  const wrong: string[] = [];
  const first = Buffer.from("a"); // written when the code for that is loaded
  const writingFirst = self.io.writeFile(path, first);
  first.fill("z");
  await writingFirst;
  if (await self.io.readTextFile(path) !== "a") wrong.push("the first");
  const file = await self.io.create(`${path}.open`);
  for (const length of [5, 100, 200_000]) {
    for (const write of ["writeFile", "write"]) {
      const bytes = Buffer.from("a".repeat(length));
      const writing = write === "write" ? file.write(bytes) : self.io.writeFile(path, bytes);
      if (bytes.length !== length) wrong.push(`${length} of ${write} are not the writer's any more`);
      bytes.fill("z");
      await writing;
    }
    if (await self.io.readTextFile(path) !== "a".repeat(length)) wrong.push(`${length} of writeFile`);
  }
  if (/[^a]/.test(await self.io.readTextFile(`${path}.open`))) wrong.push("of write");
  return wrong;
}

/**
 * The first operation of a scheduler is given up at once: what its caller is told, and what is in the file. Another actor
 * ends without waiting for what it removes, which is removed.
 */
export async function firstGivenUp(self: Actor, folder: string) {
  const path = `${folder}/first`;
  Deno.writeTextFileSync(path, "as it was");
  Deno.writeTextFileSync(`${path}.gone`, "");
  const giver = new AbortController();
  const writing = self.io.writeTextFile(path, "given up", { signal: giver.signal });
  const removing = self.spawnWith(
    { scheduler: "local" },
    (self: Actor) => void self.io.remove(`${path}.gone`),
  );
  giver.abort();
  const told = await writing.then(() => "written", (error) => error.name);
  await removing.join();
  const names: string[] = [];
  do {
    names.length = 0;
    for await (const { name } of self.io.readDir(folder)) names.push(name);
  } while (names.length > 1);
  return [told, await self.io.readTextFile(path)];
}

export async function big(self: Actor, folder: string) {
  const bytes = new Uint8Array(3_000_000).map((_, i) => i % 253);
  await self.io.writeFile(`${folder}/big`, bytes);
  const back = await self.io.readFile(`${folder}/big`);
  const file = await self.io.open(`${folder}/big`);
  const piece = (await file.read(1_000_000))!;
  return {
    mine: bytes.length,
    back: back.length,
    equal: back.every((byte, i) => byte === i % 253),
    piece: piece.every((byte, i) => byte === i % 253),
  };
}

export async function errors(self: Actor, folder: string) {
  const missing = await self.io.open(`${folder}/missing`).catch((error) => error);
  const isFolder = await self.io.readFile(folder).catch((error) => error);
  const exists = await self.io.mkdir(folder).catch((error) => error);
  let range = "";
  const file = await self.io.create(`${folder}/f`);
  try {
    await file.read(0);
  } catch (error) {
    range = (error as Error).name;
  }
  return {
    missing: missing instanceof Deno.errors.NotFound,
    code: missing.code,
    message: missing.message.includes("missing"),
    line: /programs\/files\.ts:\d+/.test(missing.stack),
    isFolder: isFolder.name,
    exists: exists instanceof Deno.errors.AlreadyExists,
    range,
  };
}

/** Whatever is wrong with an argument, the promise rejects: nothing is thrown past `catch`. */
export async function wrongArguments(self: Actor) {
  const { io } = self;
  // deno-lint-ignore no-explicit-any
  const wrong: any = 42, nothing: any = null;
  const calls = [
    () => io.open(wrong),
    () => io.create(wrong),
    () => io.readFile(wrong),
    () => io.stat(new URL("http://localhost/")),
    () => io.lstat(wrong),
    () => io.realPath(wrong),
    () => io.makeTempDir(nothing),
    () => io.makeTempFile(nothing),
    () => io.listen(nothing),
    () => io.listen(8080 as never),
    () => io.listenTls(nothing),
    () => io.connect(nothing),
    () => io.connectTls(nothing),
    () => io.datagram(nothing),
    () => io.resolveDns("localhost", "A", nothing),
  ];
  return await Promise.all(calls.map((call) => call().then(() => "done", (error) => `${error}`)));
}

/** Options that there are none of. */
export async function slips(self: Actor) {
  const { io } = self;
  // deno-lint-ignore no-explicit-any
  const slip: any = { timeoutMs: 5 };
  const calls = [
    () => io.stat("/", slip),
    () => io.create("/none/none", slip),
    () => io.mkdir("/none/none", { recursive: false, mode: 0o700, ...slip }),
    () => io.connect({ port: 1, ...slip }),
    () => io.command("true", { args: [], ...slip }).output(),
    () => self.blockingWith({ transfer: [], ...slip }, add, 1, 2),
    () => self.blockingWith({ transfer: [], timeout: 5000 }, add, 1, 2),
  ];
  return await Promise.all(
    calls.map((call) =>
      new Promise((resolve) => resolve(call())).then((value) => `${value}`, (error) => `${error}`)
    ),
  );
}

export function add(a: number, b: number) {
  return a + b;
}

type Share = { readonly file: File; readonly from: Pid<Share>; readonly lines: string[] };

/** Takes so many lines of whatever file it is given, and gives it back. */
export async function takesLines(self: Actor<Share>, count: number) {
  for await (const { file, from } of self) {
    const lines: string[] = [];
    for await (const line of file.lines()) {
      lines.push(line);
      if (lines.length === count) break;
    }
    self.send(from, { file, from: self.pid, lines });
  }
}

/** Actors on different schedulers take turns; what one reads ahead of its lines is the next one's. */
export async function linesInTurns(self: Actor, folder: string) {
  const text = Array.from({ length: 20_000 }, (_, i) => `line ${i}`);
  await self.io.writeTextFile(`${folder}/turns`, text.join("\n"));
  let file = await self.io.open(`${folder}/turns`);
  const last = self.stats().schedulerCount - 1;
  const takers = [0, last].map((scheduler) => self.spawnWith({ scheduler }, takesLines, 100));
  const told: string[] = [];
  for (let turn = 0; turn < 200; turn++) {
    self.send(takers[turn % 2], { file, from: self.pid, lines: [] });
    const share = await self.receive() as Share;
    file = share.file;
    told.push(...share.lines);
  }
  for (const taker of takers) self.exit(taker, "shutdown");
  return told.findIndex((line, i) => line !== text[i]) + (text.length - told.length);
}

export async function lonePercent(self: Actor, folder: string) {
  return (await self.io.stat(new URL(`file://${folder}/100%`))).isFile;
}

/** Nobody awaits what is written, and the actor is over. */
export async function notAwaited(self: Actor, folder: string) {
  self.io.writeFile(`${folder}/whole`, new Uint8Array(30_000_000));
  const file = await self.io.create(`${folder}/piece`);
  file.write(new Uint8Array(30_000_000));
}

export async function streams(self: Actor, folder: string) {
  const source = `${folder}/text`;
  await self.io.writeTextFile(source, "squeeze me ".repeat(20_000));
  const from = await self.io.open(source);
  const to = await self.io.create(`${folder}/text.gz`);
  await from.readable.pipeThrough(new CompressionStream("gzip")).pipeTo(to.writable);
  const packed = await self.io.open(`${folder}/text.gz`);
  const size = (await packed.stat()).size;
  const back = await new Response(packed.readable.pipeThrough(new DecompressionStream("gzip"))).text();
  return { smaller: size < 10_000, equal: back === await self.io.readTextFile(source) };
}

/** A pipe whose source fails leaves no file open. */
export async function aborted(self: Actor, folder: string) {
  const path = `${folder}/aborted`;
  const file = await self.io.create(path);
  const isOpen = () =>
    [...Deno.readDirSync("/proc/self/fd")].some(({ name }) => {
      try {
        return Deno.readLinkSync(`/proc/self/fd/${name}`) === path;
      } catch {
        return false; // it was that of this very loop
      }
    });
  const before = isOpen();
  let pieces = 0;
  const source = new ReadableStream<Uint8Array>({
    pull(controller) {
      if (++pieces === 3) throw new Error("no more");
      controller.enqueue(new Uint8Array(10));
    },
  });
  const told = await source.pipeTo(file.writable).catch((error) => error.message);
  while (isOpen()) await self.sleep(1);
  return { before, told, refused: await file.write("x").catch((error) => error.name) };
}

/** A byte order mark is a part of the text, as in Deno. */
export async function marked(self: Actor, folder: string) {
  await self.io.writeTextFile(`${folder}/marked`, "\uFEFFtext");
  return await self.io.readTextFile(`${folder}/marked`) === await Deno.readTextFile(`${folder}/marked`);
}

export async function linesBrokenOff(self: Actor, folder: string) {
  await self.io.writeTextFile(`${folder}/l`, "a\nb\nc\nd\n");
  const file = await self.io.open(`${folder}/l`);
  const seen: string[] = [];
  for await (const line of file.lines()) {
    seen.push(line);
    if (line === "b") break;
  }
  seen.push("|");
  for await (const line of file.lines()) seen.push(line);
  return seen.join("");
}

const PROGRAMS = {
  roundTrip,
  folders,
  writes,
  readAhead,
  grownAfterItsEnd,
  big,
  ofNode,
  firstGivenUp,
  bigPieces,
  nested,
  givenToAModule,
  errors,
  wrongArguments,
  slips,
  lonePercent,
  linesInTurns,
  notAwaited,
  streams,
  aborted,
  marked,
  linesBrokenOff,
};

export function main(self: Actor, name: keyof typeof PROGRAMS, folder: string) {
  return PROGRAMS[name](self, folder);
}
