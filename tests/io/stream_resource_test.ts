import { assertEquals } from "@std/assert";
import type { PollerHost, Request } from "../../io/resource.ts";
import { StreamResource, Writing } from "../../io/stream_resource.ts";

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
