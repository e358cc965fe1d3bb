/**
 * The servers that the benches of this folder load: each in a process of its own, ended with the bench.
 *
 * @module
 */

export const ROOT: string = new URL("../../", import.meta.url).pathname;

/** Starts a server that prints the port on which it listens, and ends it when `load` is over. */
export async function withServer<T>(
  args: readonly string[],
  load: (port: number, pid: number) => Promise<T>,
): Promise<T> {
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-check", ...args],
    cwd: ROOT,
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  const reader = child.stdout.getReader();
  let text = "";
  try {
    while (!/port \d+\n/.test(text)) {
      const { value, done } = await reader.read();
      if (done) throw new Error(`${args.join(" ")} ended: ${text}`);
      text += new TextDecoder().decode(value);
    }
    return await load(Number(/port (\d+)/.exec(text)![1]), child.pid);
  } finally {
    try {
      child.kill("SIGKILL");
    } catch {
      // it has ended by itself, as was just told
    }
    await child.status;
    await reader.cancel();
  }
}
