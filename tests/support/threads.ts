/**
 * How many threads this process has, by the kernel's own list: Deno's sanitizers know nothing of workers.
 *
 * @module
 */

/** The names of this process's threads; null where the system has no such list. */
export function threadNames(): string[] | null {
  try {
    return [...Deno.readDirSync("/proc/self/task")].map(({ name }) => {
      try {
        return Deno.readTextFileSync(`/proc/self/task/${name}/comm`).trim();
      } catch {
        return ""; // it has ended meanwhile
      }
    }).filter((name) => name !== "");
  } catch {
    return null;
  }
}

/** Processor time of this process so far, in ticks of the kernel's clock (100 a second). */
export function processorTicks(): number | null {
  try {
    const fields = Deno.readTextFileSync("/proc/self/stat").replace(/^.*\) /, "").split(" ");
    return Number(fields[11]) + Number(fields[12]);
  } catch {
    return null;
  }
}
