/**
 * Which functions may run on any scheduler, and by what name they are known there: the exported functions of the entry
 * module and of modules that a spawn by URL has loaded.
 *
 * Every scheduler imports the same module, so a module's URL and the export's name mean the same function everywhere.
 *
 * @module
 */
import type { ActorFunction } from "./api.ts";

export interface Target {
  /** As shown in dumps and reports. */
  readonly name: string;
  readonly nameId: number;
  /** What nameId stands for, where it is not this name alone. */
  readonly label?: string;
  /** The module to import elsewhere; null for a closure. */
  readonly module: string | null;
  readonly exportName: string;
  /** Exported by the entry module, which every scheduler has loaded: nameId means the same everywhere. */
  readonly inEntry: boolean;
  /** How often its actors were seen to be over sooner than they could be moved, of late (short_runs.ts). */
  shortness: number;
  /** How many of its actors have begun on this scheduler and are not over. */
  staying: number;
}

/**
 * What a function is that cannot be run as an actor: a call of it fails, or makes an object and runs nothing. Told by
 * its source text, the one thing of a function that runs no code of the program, a proxy's included.
 */
export function unfitToRun(fn: unknown): "a class" | "a generator" | null {
  const source = Function.prototype.toString.call(fn);
  if (/^(async\s+)?(function\s*)?\*/.test(source)) return "a generator";
  return /^class\b/.test(source) ? "a class" : null;
}

/** A program that makes names as it goes, such as `job-17`, has no end of them, and each is kept by two threads. */
export const MOST_CLOSURES = 4096;
const OTHER = "closure";
const ANONYMOUS = "anonymous";

/** For an error: what keeps a function where it is, and how to export it. What has no name has none to export. */
export function notExported(name: string): string {
  return `the entry module does not export it. ` +
    (name === ANONYMOUS
      ? "Give it a name and export it there"
      : `Export it there (export { ${name} } from "…" counts)`);
}

/** The functions that one scheduler knows. */
export class Targets {
  readonly #exported = new Map<unknown, Target>();
  readonly #modules = new Map<string, Record<string, unknown>>();
  readonly #closures = new Map<string, Target>();
  readonly #onName: (id: number, name: string) => void;
  readonly #entry: [ActorFunction, Target][] = [];
  readonly #mostClosures: number;
  #names = 0;
  /** Of all closures beyond. */
  #otherId: number | undefined;

  /** `onName` hears of each new name once, so that others can show what an id in shared memory means. */
  constructor(onName: (id: number, name: string) => void = () => {}, mostClosures = MOST_CLOSURES) {
    this.#onName = onName;
    this.#mostClosures = mostClosures;
  }

  /** Makes the exported functions of a loaded module known; the first module is the entry. */
  register(module: string, namespace: Record<string, unknown>): void {
    if (this.#modules.has(module)) return;
    const isEntry = this.#modules.size === 0;
    this.#modules.set(module, namespace);
    for (const exportName of Object.keys(namespace)) {
      const value = namespace[exportName];
      if (typeof value !== "function" || this.#exported.has(value)) continue;
      const name = exportName === "default" ? value.name || "default" : exportName;
      const nameId = this.#nameId(name);
      const target = { name, nameId, module, exportName, inEntry: isEntry, shortness: 0, staying: 0 };
      this.#exported.set(value, target);
      if (isEntry) this.#entry[target.nameId] = [value as ActorFunction, target];
    }
  }

  isLoaded(module: string): boolean {
    return this.#modules.has(module);
  }

  /** What is known of a function that is to be spawned here. */
  describe(fn: unknown): Target {
    const exported = this.#exported.get(fn);
    if (exported !== undefined) return exported;
    const name = (fn as { name?: string }).name || ANONYMOUS;
    const known = this.#closures.get(name);
    if (known !== undefined) return known;
    const isKept = this.#closures.size < this.#mostClosures;
    const nameId = isKept ? this.#nameId(name) : this.#otherId ??= this.#nameId(OTHER);
    const label = isKept ? undefined : OTHER;
    const closure = {
      name,
      nameId,
      label,
      module: null,
      exportName: "",
      inEntry: false,
      shortness: 0,
      staying: 0,
    };
    if (isKept) this.#closures.set(name, closure);
    return closure;
  }

  /** The function that a target of another scheduler means here; undefined when the module is not loaded here yet. */
  find(module: string, exportName: string): ActorFunction | undefined {
    return this.#modules.get(module)?.[exportName] as ActorFunction | undefined;
  }

  /** The entry module's exported function of this nameId. */
  entry(nameId: number): [ActorFunction, Target] {
    return this.#entry[nameId];
  }

  #nameId(name: string): number {
    const id = this.#names++;
    this.#onName(id, name);
    return id;
  }
}
