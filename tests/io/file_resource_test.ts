/**
 * Files in the poller or at home, with a file of the test's own, which answers when the test lets it.
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import { FileResource } from "../../io/file_resource.ts";
import { Asking, Request, type ResourceHost } from "../../io/resource.ts";

/** A file of bytes that count up. */
class Counting {
  #at = 0;
  length: number;
  constructor(length: number) {
    this.length = length;
  }
  async read(into: Uint8Array): Promise<number | null> {
    const count = Math.min(into.length, this.length - this.#at);
    for (let i = 0; i < count; i++) into[i] = this.#at++;
    await Promise.resolve();
    return count === 0 ? null : count;
  }
  seekSync(offset: number): number {
    return this.#at += offset;
  }
  stat() {
    return Promise.resolve(Deno.statSync("."));
  }
}

function opened(length: number) {
  const file = new Counting(length);
  const answers: unknown[] = [];
  const host: ResourceHost = {
    done: (_request, value) => answers.push(value),
    doneBytes: (_request, bytes, count) => answers.push([...bytes.slice(0, count)]),
    failed: (_request, error) => answers.push(error),
    cancelled: () => answers.push("cancelled"),
    buffer: (length) => new Uint8Array(length),
    recycle: () => {},
    wrote: () => {},
    finishing: new Set(),
    forget: () => {},
  };
  const resource = new FileResource(1, host, file as unknown as Deno.FsFile, true);
  return { file, resource, answers };
}

/** All that the file has to do is done. */
const settled = () => new Promise((resolve) => setTimeout(resolve));

async function read({ resource, answers }: ReturnType<typeof opened>, peer: number): Promise<unknown> {
  resource.ask(new Asking(peer, 1, 0, 4));
  await settled();
  return answers.pop();
}

Deno.test("what a cancelled read gives back is read next, also when the file was asked for its size between", async () => {
  const one = opened(12);
  const late = await read(one, 0) as number[]; // given up while its answer is on the way
  assertEquals(await read(one, 1), [4, 5, 6, 7]);
  one.resource.expectReturn(0);
  one.resource.returned(0, Uint8Array.from(late));
  one.resource.operate(new Request(0, 2, 0), "stat", []);
  await settled();
  assertEquals([await read(one, 1), await read(one, 1), await read(one, 1)], [
    [0, 1, 2, 3],
    [8, 9, 10, 11],
    null,
  ]);
});

Deno.test("the end that a cancelled read has found is no end for the next one, when the file has grown", async () => {
  const one = opened(0);
  one.resource.ask(new Asking(0, 7, 0, 4));
  one.resource.cancel(0, 7);
  await settled();
  one.file.length = 2;
  assertEquals(await read(one, 0), [0, 1]);
  assertEquals(await read(one, 0), null);
});
