/** The examples of IO, as a newcomer would use them: in a process of their own, over real sockets and files. */
import { assert, assertEquals } from "@std/assert";
import { inTempFolder } from "./helpers.ts";

const ROOT = new URL("../../", import.meta.url).pathname;
const DEADLINE_MS = 90_000;

/** A running example; its stdout is read up to a text at a time. */
class Example implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;
  readonly #out: ReadableStreamDefaultReader<string>;
  readonly #overdue: ReturnType<typeof setTimeout>;
  #text = "";
  #ended = false;

  constructor(name: string, args: string[], threads: number) {
    this.#child = new Deno.Command(Deno.execPath(), {
      args: [
        "run",
        "-A",
        `${ROOT}smarm.ts`,
        "--threads",
        String(threads),
        `${ROOT}examples/${name}`,
        ...args,
      ],
      cwd: ROOT,
      env: { NO_COLOR: "1" },
      stdout: "piped",
      stderr: "inherit",
    }).spawn();
    this.#out = this.#child.stdout.pipeThrough(new TextDecoderStream()).getReader();
    this.#overdue = setTimeout(() => this.#child.kill("SIGKILL"), DEADLINE_MS);
  }

  /** What it prints, up to and with this text. */
  async until(text: string | RegExp): Promise<string> {
    for (;;) {
      const found = typeof text === "string" ? this.#text.indexOf(text) : this.#text.search(text);
      if (found >= 0) {
        const end = this.#text.indexOf("\n", found) + 1;
        const printed = this.#text.slice(0, end);
        this.#text = this.#text.slice(end);
        return printed;
      }
      const { value, done } = await this.#out.read();
      if (done) throw new Error(`it ended before it printed ${text}: ${this.#text}`);
      this.#text += value;
    }
  }

  async port(): Promise<number> {
    return Number(/port (\d+)/.exec(await this.until(/port \d+\n/))![1]);
  }

  /** Ends it by a signal; its exit code. */
  async stop(): Promise<number> {
    this.#child.kill("SIGTERM");
    return await this.#end();
  }

  async #end(): Promise<number> {
    this.#ended = true;
    const { code } = await this.#child.status;
    clearTimeout(this.#overdue);
    while (!(await this.#out.read()).done);
    return code;
  }

  async [Symbol.asyncDispose]() {
    if (this.#ended) return;
    this.#child.kill("SIGKILL");
    await this.#end();
  }
}

/** One client that reads lines. */
class Client {
  readonly conn: Deno.TcpConn;
  #text = "";
  constructor(conn: Deno.TcpConn) {
    this.conn = conn;
  }
  static async connect(port: number): Promise<Client> {
    return new Client(await Deno.connect({ hostname: "127.0.0.1", port }));
  }
  async say(line: string): Promise<void> {
    await this.conn.write(new TextEncoder().encode(line + "\n"));
  }
  /** Reads lines until one contains the text. */
  async until(text: string): Promise<string> {
    const buffer = new Uint8Array(16_384);
    for (;;) {
      for (let end = this.#text.indexOf("\n"); end >= 0; end = this.#text.indexOf("\n")) {
        const line = this.#text.slice(0, end);
        this.#text = this.#text.slice(end + 1);
        if (line.includes(text)) return line;
      }
      const count = await this.conn.read(buffer);
      if (count === null) throw new Error(`the end came before ${text}`);
      this.#text += new TextDecoder().decode(buffer.subarray(0, count));
    }
  }
}

for (const [threads, count] of [[1, 50], [2, 500]]) {
  Deno.test(`examples/chat.ts: ${count} clients hear what one says, with ${threads} schedulers`, async () => {
    await using chat = new Example("chat.ts", ["0"], threads);
    const port = await chat.port();
    const clients: Client[] = [];
    for (let i = 0; i < count; i++) clients.push(await Client.connect(port));
    await Promise.all(clients.map((one, i) => one.say(`name${i}`)));
    await Promise.all(clients.map((one) => one.until(" here: ")));
    await clients[0].say("hello all");
    const heard = await Promise.all(clients.slice(0, -1).map((one) => one.until("hello all")));
    assertEquals(new Set(heard), new Set(["name0: hello all"]));
    clients.pop()!.conn.close(); // one goes, the others hear of it
    await clients[1].until(`* name${count - 1} has gone`);
    const broken = clients.pop()!;
    await broken.say("a line without an end".repeat(10));
    broken.conn.close();
    await clients[1].until(`* name${count - 2} has gone`);
    await clients[2].say("still here");
    await clients[0].until("name2: still here");
    assertEquals(await chat.stop(), 0);
    for (const one of clients) one.conn.close();
  });
}

for (const threads of [1, 2]) {
  Deno.test(`examples/proxy.ts carries both directions, half-closed ones too, with ${threads} schedulers`, async () => {
    // Answers with the number of bytes once it has read an end.
    const target = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const serving = (async () => {
      for await (const conn of target) {
        let bytes = 0;
        for await (const piece of pieces(conn)) bytes += piece;
        await conn.write(new TextEncoder().encode(`got ${bytes}`));
        conn.close();
      }
    })();
    await using proxy = new Example("proxy.ts", ["0", "127.0.0.1", String(target.addr.port)], threads);
    const port = await proxy.port();
    const answers = await Promise.all(Array.from({ length: 10 }, async (_, i) => {
      using conn = await Deno.connect({ hostname: "127.0.0.1", port });
      const all = new Uint8Array(200_000 + i);
      for (let at = 0; at < all.length;) at += await conn.write(all.subarray(at));
      await conn.closeWrite();
      const buffer = new Uint8Array(100);
      const count = await conn.read(buffer);
      const end = await conn.read(buffer);
      return [new TextDecoder().decode(buffer.subarray(0, count!)).slice(0, 10), end];
    }));
    assertEquals(answers, Array.from({ length: 10 }, (_, i) => [`got ${200_000 + i}`, null]));
    assertEquals(await proxy.stop(), 0);
    target.close();
    await serving;
  });
}

async function* pieces(conn: Deno.Conn): AsyncGenerator<number> {
  const buffer = new Uint8Array(65_536);
  for (let count = await conn.read(buffer); count !== null; count = await conn.read(buffer)) yield count;
}

/** What it finds when it begins is old: so new lines are written until the first is seen. */
async function begun(tail: Example, path: string): Promise<string> {
  const seen = tail.until("ERROR seen");
  let ready = false;
  seen.then(() => ready = true);
  while (!ready) {
    await Deno.writeTextFile(path, "info\nERROR seen\n", { append: true });
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return await seen;
}

Deno.test("examples/log_tail.ts follows files that grow, are cut short and are rotated", async () => {
  await inTempFolder(async (folder) => {
    const [a, b] = [`${folder}/a.log`, `${folder}/b.log`];
    await Deno.writeTextFile(a, "ERROR before we came\n");
    await using tail = new Example("log_tail.ts", ["ERROR", a, b], 2);
    assert(!(await begun(tail, a)).includes("before"), "old lines are not printed");
    await Deno.writeTextFile(b, "ERROR in a new file\n");
    assertEquals((await tail.until("new file")).trim().split("\n").at(-1), `${b}: ERROR in a new file`);
    await Deno.writeTextFile(b, "ERROR half a li", { append: true });
    await Deno.rename(b, `${b}.1`);
    await Deno.writeTextFile(`${b}.1`, "ne\nERROR last of the old\n", { append: true });
    await Deno.writeTextFile(b, "ERROR first of the new\n");
    const rotated = await tail.until("first of the new");
    assert(rotated.includes(`${b}: ERROR half a line\n${b}: ERROR last of the old\n`), rotated);
    await Deno.writeTextFile(a, "ERROR cut\n");
    await tail.until("ERROR cut");
    assertEquals(await tail.stop(), 0);
  });
});

Deno.test("examples/log_tail.ts parts a line that lost its end from what comes after it", async () => {
  await inTempFolder(async (folder) => {
    const path = `${folder}/a.log`;
    const append = (text: string) => Deno.writeTextFile(path, text, { append: true });
    await using tail = new Example("log_tail.ts", ["ERROR", path], 2);
    await begun(tail, path);
    await append("ERROR mark\nERROR half"); // one write, so that whoever has read the mark has read the half
    await tail.until("ERROR mark");
    await Deno.writeTextFile(path, "");
    await tail.until("ERROR half\n");
    await append("ERROR whole\n");
    assertEquals(await tail.until("whole"), `${path}: ERROR whole\n`);
    await append("ERROR unfinished");
    await Deno.rename(path, `${path}.1`);
    await Deno.writeTextFile(path, "ERROR fresh\n");
    assertEquals(await tail.until("fresh"), `${path}: ERROR unfinished\n${path}: ERROR fresh\n`);
    assertEquals(await tail.stop(), 0);
  });
});

Deno.test("examples say what is wrong with what they are given, and end with 1", async () => {
  for (
    const [args, said] of [
      [["proxy.ts", "0", "localhost", "99999"], 'Cannot relay to port "99999"'],
      [["log_tail.ts", "ERROR", "/"], "Cannot follow /: it is a folder"],
    ] as const
  ) {
    const [example, ...given] = args;
    const { code, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", `${ROOT}smarm.ts`, `${ROOT}examples/${example}`, ...given],
      env: { NO_COLOR: "1" },
      signal: AbortSignal.timeout(DEADLINE_MS),
    }).output();
    const told = new TextDecoder().decode(stderr);
    assert(told.includes(said), told);
    assertEquals(code, 1);
  }
});

for (const mode of ["spread", "shared"]) {
  Deno.test(`examples/http_server.ts answers in mode ${mode}`, async () => {
    await using server = new Example("http_server.ts", [mode, "0"], 2);
    const at = `http://127.0.0.1:${await server.port()}`;
    assertEquals(await (await fetch(`${at}/`)).text(), "Hello from smarm\n");
    const answers = await Promise.all(
      Array.from({ length: 40 }, async (_, i) => await (await fetch(`${at}/primes/${100 + i}`)).text()),
    );
    assertEquals(answers[0], "25\n");
    const missing = await fetch(`${at}/nowhere`);
    assertEquals([missing.status, await missing.text()], [404, "Nothing here\n"]);
    assertEquals(await server.stop(), 0);
  });
}
