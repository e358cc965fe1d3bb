/**
 * The permissions that smarm itself needs: to read its own workers and the program's module.
 *
 * Workers ask for themselves what they lack, each of them, and a worker that is refused dies noisily. So the control
 * thread asks before it starts any, once and for all reading: that is one question at Deno's prompt, and where there is
 * no terminal the answer is no.
 *
 * @module
 */
import { display } from "./load.ts";

/** Null when all is granted, else one line that names the flag. May ask at Deno's prompt. */
export function askForPermissions(module: string, entries: readonly URL[]): string | null {
  const files = [...entries.map((entry) => entry.href), module].filter((url) => url.startsWith("file:"));
  if (files.every(isReadable)) return null;
  Deno.permissions.requestSync({ name: "read" });
  const refused = files.filter((file) => !isReadable(file));
  if (refused.length === 0) return null;
  const what = refused[0] === module ? display(module) : "its own modules";
  return `smarm may not read ${what}. Run with --allow-read, or with -A`;
}

function isReadable(url: string): boolean {
  let path: URL;
  try {
    path = new URL(url);
    return Deno.permissions.querySync({ name: "read", path }).state === "granted";
  } catch {
    return true; // no path of this system: import() says what is wrong with it
  }
}
