/**
 * `smarm init [folder]`: a program of actors that runs, is checked and has a test, to go on from.
 *
 * It writes no file that is there already: all of its files, or none.
 *
 * @module
 */
import { join, relative } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import type { Said } from "./trace.ts";

const USAGE = "Usage: deno run -A smarm.ts init [folder]";

const APP = `import type { Actor } from "smarm";

/** Runs on any scheduler, because this module exports it. */
export async function greeter(self: Actor<string>): Promise<number> {
  let greeted = 0;
  for await (const name of self) {
    if (name === "") break;
    console.log(\`hello \${name}\`);
    greeted++;
  }
  return greeted;
}

export async function main(self: Actor, ...names: string[]): Promise<void> {
  const handle = self.spawn(greeter);
  const greeted = names.length > 0 ? names : ["world"];
  for (const name of greeted) self.send(handle, name);
  self.send(handle, "");
  const outcome = await handle.join();
  if (outcome.kind === "exit") console.log(\`greeted \${outcome.value}\`);
}
`;

const TEST = `import { runActors } from "smarm/testing";
import { greeter } from "./app.ts";

Deno.test("the greeter counts whom it has greeted", async () => {
  await runActors(async (self) => {
    const handle = self.spawn(greeter);
    for (const name of ["a", "b", ""]) self.send(handle, name);
    const outcome = await handle.join();
    if (outcome.kind === "panic") throw outcome.error;
    if (outcome.value !== 2) throw new Error(\`greeted \${outcome.value}\`);
  });
});
`;

/** @param args a folder, or nothing for the current one; @param home the URL of the folder of smarm.ts */
export async function runInit(args: readonly string[], home: URL): Promise<Said> {
  if (args[0] === "--help" || args[0] === "-h") return { code: 0, out: USAGE };
  if (args.length > 1 || args[0] === "" || args[0]?.startsWith("-")) {
    return failed(
      `init takes one folder, or none for the current one, got ${JSON.stringify(args.join(" "))}`,
    );
  }
  const folder = args[0] ?? ".";
  const smarm = pathTo(new URL("smarm.ts", home), folder);
  const files: Record<string, string> = {
    "deno.json": JSON.stringify(
      {
        imports: {
          "smarm": asSpecifier(smarm),
          "smarm/testing": asSpecifier(pathTo(new URL("testing/mod.ts", home), folder)),
        },
        tasks: {
          // Without it Deno takes the deno.json beside smarm.ts, and knows none of the program's imports.
          "start": `deno run -A --config deno.json ${quoted(smarm)} app.ts`,
          "check": "deno check",
          "test": "deno check && deno test -A --no-check",
        },
      },
      null,
      2,
    ) + "\n",
    "app.ts": APP,
    "app_test.ts": TEST,
  };
  try {
    await Deno.mkdir(folder, { recursive: true });
    for (const name of Object.keys(files)) {
      const path = join(folder, name);
      if (await isThere(path)) {
        return failed(`init overwrites nothing, and "${path}" is there. Give another folder`);
      }
    }
    for (const [name, text] of Object.entries(files)) {
      await Deno.writeTextFile(join(folder, name), text, { createNew: true });
    }
  } catch (error) {
    if (error instanceof Deno.errors.NotCapable) {
      return failed(
        `init may not write to "${folder}". Run with --allow-read and --allow-write, or with -A`,
      );
    }
    const reason = (error as Error).message.replace(/ \(os error.*$/s, "");
    return failed(`Cannot write to "${folder}": ${reason}. Give another folder`);
  }
  const cd = folder === "." ? "" : `cd ${quoted(folder)}\n`;
  return {
    code: 0,
    out: `${
      Object.keys(files).map((name) => `wrote ${join(folder, name)}`).join("\n")
    }\n\n${cd}deno task start\ndeno task test`,
  };
}

function failed(error: string): Said {
  return { code: 2, out: "", error };
}

async function isThere(path: string): Promise<boolean> {
  try {
    await Deno.lstat(path);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

/** Where a module of smarm is, seen from the folder: a relative path where both are files. */
function pathTo(module: URL, folder: string): string {
  if (module.protocol !== "file:") return module.href;
  const path = relative(fileURLToPath(pathToFileURL(folder)), fileURLToPath(module)).replaceAll("\\", "/");
  return path.startsWith(".") ? path : `./${path}`;
}

/** What an import map takes for a path: there, as in a URL, some characters mean something else. */
function asSpecifier(path: string): string {
  return path.replace(/[%?#]/g, encodeURIComponent);
}

/** For a shell, and for the one of `deno task`. */
function quoted(path: string): string {
  return /^[\w./:-]+$/.test(path) ? path : `'${path.replaceAll("'", `'"'"'`)}'`;
}
