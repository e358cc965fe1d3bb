/**
 * A folder with files for one test, and no trace of it afterwards.
 *
 * @module
 */

/** Writes `files` (name to text) into a new folder and hands its path, links resolved, to `use`. */
export async function withFolder<T>(
  files: Record<string, string>,
  use: (folder: string) => T | Promise<T>,
): Promise<T> {
  const folder = await Deno.realPath(await Deno.makeTempDir({ prefix: "smarm-test-" }));
  try {
    for (const [name, text] of Object.entries(files)) await Deno.writeTextFile(`${folder}/${name}`, text);
    return await use(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}
