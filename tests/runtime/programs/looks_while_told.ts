/** A worker that looks for what is its own while messages come, and says then what it takes for foreign. */
import { setImmediate } from "node:timers";
import { ForeignWork } from "../../../runtime/foreign_work.ts";

/** What a worker has, which the types of a program do not tell. */
const control = globalThis as unknown as {
  postMessage(message: unknown): void;
  onmessage: (event: MessageEvent) => void;
};
const LOOKS = 200;
const looks: ForeignWork[] = [];

async function look() {
  for (let i = 0; i < LOOKS; i++) {
    const foreign = new ForeignWork(
      () => "nothing",
      () => new Promise((resolve) => void setImmediate(resolve)),
    );
    await foreign.discount();
    looks.push(foreign);
  }
  control.postMessage("looked");
}

async function tell() {
  const found = new Set<string>();
  for (const foreign of looks) found.add(await foreign.pending());
  control.postMessage([...found]);
}

control.onmessage = ({ data }) => {
  if (data === "look") look();
  if (data === "tell") tell();
};
