import { assertEquals } from "@std/assert";
import { Asking, type PollerHost, type Request } from "../../io/resource.ts";
import { STDIN } from "../../io/protocol.ts";
import { StandardStream, StreamResource, Writing } from "../../io/stream_resource.ts";

const encode = (text: string) => new TextEncoder().encode(text);

/** A stream whose OS takes what it is given, two bytes at a time, when `take` says so. */
function slowStream(id: number) {
  let text = "";
  const given: { bytes: Uint8Array; taken(count: number): void }[] = [];
  const cancelled: Request[] = [];
  const host = {
    wrote: () => {},
    cancelled: (request: Request) => {
      request.isOpen = false;
      cancelled.push(request);
    },
  };
  const stream = new StreamResource(
    id,
    host as unknown as PollerHost,
    {
      write: (bytes) => new Promise((taken) => given.push({ bytes, taken })),
      close: () => {},
    },
    "stream",
    false,
  );
  const take = async () => {
    for (let next = given.shift(); next !== undefined; next = given.shift()) {
      const bytes = next.bytes.subarray(0, 2);
      text += new TextDecoder().decode(bytes);
      next.taken(bytes.length);
      for (let turn = 0; turn < 4; turn++) await Promise.resolve(); // the next piece is given
    }
    return text;
  };
  return { stream, take, cancelled };
}

Deno.test("a write that is given up takes no posted bytes with it, whose number may be the same", async () => {
  for (const isQueued of [false, true]) {
    const id = 7;
    const { stream, take, cancelled } = slowStream(id);
    if (isQueued) stream.write(new Writing(0, 1, encode("before,")));
    stream.write(new Writing(0, id, encode("posted,"), true)); // what is posted goes by the resource's id
    stream.write(new Writing(0, id, encode("given up,")));
    assertEquals(stream.cancel(0, id), true);
    assertEquals(cancelled.map((one) => one.isSilent), [false]);
    assertEquals(stream.cancel(0, id), false, "it is given up already");
    assertEquals(await take(), isQueued ? "before,posted," : "posted,");
  }
});

Deno.test("after the end of stdin the OS is asked again: a person goes on, a file has grown", async () => {
  const pieces = [null, encode("more"), null];
  const told: (string | null)[] = [];
  let isTold = () => {};
  const tell = (text: string | null) => {
    told.push(text);
    isTold();
  };
  const host = {
    done: (_request: Request, value: null) => tell(value),
    doneBytes: (_request: Request, bytes: Uint8Array, count: number) =>
      tell(new TextDecoder().decode(bytes.subarray(0, count))),
  };
  const stdin = new StandardStream(
    STDIN,
    host as unknown as PollerHost,
    {
      read(into) {
        const piece = pieces.shift()!;
        if (piece !== null) into.set(piece);
        return Promise.resolve(piece === null ? null : piece.length);
      },
      close: () => {},
    },
    "stdin",
    false,
  );
  stdin.ask(new Asking(0, 2, 0, 10)); // one end is for all who wait for it
  for (const limit of [10, 10, 0, 10]) { // 0 asks whether there is something, and the end stays the next reader's
    const next = new Promise<void>((resolve) => isTold = resolve);
    stdin.ask(new Asking(0, 1, 0, limit));
    await next;
  }
  assertEquals(told, [null, null, "more", null, null]);
  assertEquals(pieces, []);
});
