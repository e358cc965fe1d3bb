/**
 * A file in the poller that a scheduler has opened and has at home (home_file.ts), until it comes here for good.
 *
 * No descriptor travels: the file is opened anew, and set to where it was. Its path may be another file's by then, or
 * nobody's; what is opened is known by its numbers of device and inode, and its home keeps it open until this is done, so
 * that among the descriptors of the process there is one that leads to it.
 *
 * @module
 */
import type { FileDeparture } from "./protocol.ts";
import type { PollerHost } from "./resource.ts";
import { FileResource } from "./file_resource.ts";

export class AwayFile extends FileResource {
  declare readonly host: PollerHost;
  readonly #home: number;
  #isRecalled = false;
  /** Why it cannot come. */
  #failure: unknown = null;

  constructor(id: number, host: PollerHost, home: number) {
    super(id, host, null, true);
    this.#home = home;
  }

  protected override recall(): void {
    if (this.#failure !== null) return this.#fail();
    if (this.#isRecalled || !(this.isAsked || this.isClosed)) return;
    this.#isRecalled = true;
    this.host.recall(this.#home, this.id);
  }

  /** Its home has closed it already. */
  closeAway(): void {
    this.#isRecalled = true;
    this.close();
    this.letGo();
  }

  async cameBack(departure: FileDeparture): Promise<void> {
    this.#isRecalled = true;
    try {
      if (this.isAsked || !this.isClosed) this.file = await whenDescriptorsAreFree(() => reopen(departure));
    } catch (error) {
      this.#failure = new Deno.errors.BadResource(
        `${this.label} cannot be handed on: ${departure.path} cannot be opened a second time (${
          (error as Error).message
        })`,
      );
    }
    this.host.letGo(this.#home, this.id);
    if (this.isClosed && this.file === null) this.letGo();
    this.serve();
  }

  #fail(): void {
    for (const one of this.evacuate()) this.host.failed("request" in one ? one.request : one, this.#failure);
    if (this.isClosed) this.letGo();
  }
}

/**
 * A file on its way is open twice for a moment. With as many of them as descriptors are left, each waits until the homes of
 * others have closed theirs, which they do when they are not busy.
 */
async function whenDescriptorsAreFree<T>(open: () => Promise<T>): Promise<T> {
  const until = performance.now() + LACKING_MS;
  for (;;) {
    try {
      return await open();
    } catch (error) {
      if ((error as { code?: string }).code !== "EMFILE" || performance.now() > until) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, LOOK_AGAIN_MS));
  }
}

/** Guessed: longer than a scheduler is busy as a rule, and nobody waits for ever where no descriptor becomes free. */
const LACKING_MS = 5000;
const LOOK_AGAIN_MS = 5;

async function reopen({ path, dev, ino, how, position }: FileDeparture): Promise<Deno.FsFile> {
  const isIt = (info: Deno.FileInfo | null) => info !== null && info.dev === dev && info.ino === ino;
  const open = async (where: string) => {
    if (!isIt(await Deno.stat(where).catch(() => null))) return null; // not opened: it may be a pipe by now, and block
    const file = await Deno.open(where, how);
    if (isIt(await file.stat())) {
      await file.seek(position, Deno.SeekMode.Start);
      return file;
    }
    file.close();
    return null;
  };
  const found = await open(path);
  if (found !== null) return found;
  if (!mayDoAll()) {
    throw new Deno.errors.NotCapable("it has no path any more; without one that takes --allow-all");
  }
  for await (const { name } of Deno.readDir(DESCRIPTORS)) {
    const file = await open(`${DESCRIPTORS}/${name}`);
    if (file !== null) return file;
  }
  throw new Deno.errors.NotFound("it is not there any more");
}

const DESCRIPTORS = "/dev/fd";

/** What Deno asks for where descriptors are looked at; nobody at a terminal is asked because of this. */
function mayDoAll(): boolean {
  const names = ["read", "write", "net", "env", "sys", "run", "ffi"] as const;
  return names.every((name) => Deno.permissions.querySync({ name }).state === "granted");
}
