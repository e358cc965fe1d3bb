/** Tells how large the heap of a scheduler may become, and that of a plain Worker, in MB. */
import type { Actor } from "smarm";
import { getHeapStatistics } from "node:v8";

export async function main(self: Actor): Promise<void> {
  const source =
    `import { getHeapStatistics } from "node:v8"; postMessage(getHeapStatistics().heap_size_limit)`;
  const worker = new Worker(`data:text/javascript,${encodeURIComponent(source)}`, { type: "module" });
  const plain = await self.until(
    new Promise<number>((resolve) => worker.onmessage = ({ data }) => resolve(data)),
  );
  worker.terminate();
  const MB = 2 ** 20;
  console.log(JSON.stringify({ here: getHeapStatistics().heap_size_limit / MB, plain: plain / MB }));
}
