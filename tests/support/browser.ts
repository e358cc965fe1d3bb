/**
 * A headless Chromium, driven by its DevTools protocol: enough to load a page, run a script in it and move the mouse.
 * Without any package, so that a test of a page is an ordinary test, ignored where no Chromium is installed.
 *
 * @module
 */

const NAMES = ["chromium", "chromium-browser", "google-chrome", "chrome"];

/** Where a Chromium is installed; CHROME_PATH comes first. Null: nowhere. */
export function findChromium(): string | null {
  const given = Deno.env.get("CHROME_PATH");
  const folders = (Deno.env.get("PATH") ?? "").split(":");
  const paths = NAMES.flatMap((name) => folders.map((folder) => `${folder}/${name}`));
  for (const path of given === undefined ? paths : [given]) {
    try {
      if (Deno.statSync(path).isFile) return path;
    } catch {
      // not there
    }
  }
  return null;
}

// deno-lint-ignore no-explicit-any
type Any = any;

/** One page of a browser of its own; ends with it. */
export class Page implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;
  readonly #folder: string;
  readonly #socket: WebSocket;
  readonly #heardAll: Promise<void>;
  readonly #pending = new Map<number, { resolve(value: Any): void; reject(error: Error): void }>();
  /** What was thrown in the page, and what it tried to load beside the page itself. */
  readonly errors: string[] = [];
  readonly requests: string[] = [];
  #session: string | undefined;
  #calls = 0;
  #loaded: () => void = () => {};

  private constructor(child: Deno.ChildProcess, folder: string, socket: WebSocket, heard: Promise<void>) {
    this.#heardAll = heard;
    this.#child = child;
    this.#folder = folder;
    this.#socket = socket;
    socket.onmessage = (event) => this.#heard(JSON.parse(event.data));
  }

  static async open(chromium: string, width = 1200, height = 600): Promise<Page> {
    const folder = await Deno.makeTempDir();
    const child = new Deno.Command(chromium, {
      args: [
        ...["--headless", "--no-sandbox", "--disable-gpu", "--remote-debugging-port=0"],
        ...[`--user-data-dir=${folder}`, `--window-size=${width},${height}`, "about:blank"],
      ],
      stdin: "null",
      stdout: "null",
      stderr: "piped",
    }).spawn();
    const { promise: address, resolve, reject } = Promise.withResolvers<string>();
    const heard = hear(child, resolve, reject);
    const socket = new WebSocket(await address);
    await new Promise((resolve, reject) => {
      socket.onopen = resolve;
      socket.onerror = () => reject(new Error("Chromium does not answer"));
    });
    const page = new Page(child, folder, socket, heard);
    const { targetId } = await page.#call("Target.createTarget", { url: "about:blank" });
    const { sessionId } = await page.#call("Target.attachToTarget", { targetId, flatten: true });
    page.#session = sessionId;
    for (const domain of ["Page", "Runtime", "Network"]) await page.#call(`${domain}.enable`);
    return page;
  }

  #heard(message: Any): void {
    const pending = this.#pending.get(message.id);
    this.#pending.delete(message.id);
    if (message.error !== undefined) pending?.reject(new Error(message.error.message));
    else if (pending !== undefined) pending.resolve(message.result);
    else if (message.method === "Page.loadEventFired") this.#loaded();
    else if (message.method === "Network.requestWillBeSent") this.requests.push(message.params.request.url);
    else if (message.method === "Runtime.exceptionThrown") {
      const { text, exception } = message.params.exceptionDetails;
      this.errors.push(exception?.description ?? text);
    }
  }

  #call(method: string, params: Record<string, unknown> = {}): Promise<Any> {
    const id = ++this.#calls;
    return new Promise((resolve, reject) => {
      this.#pending.set(id, { resolve, reject });
      this.#socket.send(JSON.stringify({ id, method, params, sessionId: this.#session }));
    });
  }

  async load(url: string): Promise<void> {
    const loaded = new Promise<void>((resolve) => this.#loaded = resolve);
    await this.#call("Page.navigate", { url });
    await loaded;
  }

  /** The value of an expression in the page; a promise's when it has one. */
  async evaluate(expression: string): Promise<Any> {
    const { result, exceptionDetails } = await this.#call("Runtime.evaluate", {
      expression,
      awaitPromise: true,
      returnByValue: true,
    });
    if (exceptionDetails !== undefined) throw new Error(exceptionDetails.exception?.description);
    return result.value;
  }

  /** When the page has drawn what it was asked to. */
  async drawn(): Promise<void> {
    await this.evaluate(
      "new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done())))",
    );
  }

  async move(x: number, y: number): Promise<void> {
    await this.#call("Input.dispatchMouseEvent", { type: "mouseMoved", x, y });
  }

  async wheel(x: number, y: number, deltaY: number): Promise<void> {
    await this.#call("Input.dispatchMouseEvent", { type: "mouseWheel", x, y, deltaX: 0, deltaY });
    await this.drawn();
  }

  /** A PNG. */
  async picture(): Promise<Uint8Array> {
    const { data } = await this.#call("Page.captureScreenshot", { format: "png" });
    return Uint8Array.from(atob(data), (c) => c.charCodeAt(0));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = new Promise((resolve) => this.#socket.onclose = resolve);
    this.#session = undefined;
    this.#socket.send(JSON.stringify({ id: 0, method: "Browser.close" }));
    await closed;
    await this.#child.status;
    await this.#heardAll;
    await Deno.remove(this.#folder, { recursive: true });
  }
}

/** Reads its stderr to the end; there it tells where it listens. */
async function hear(
  child: Deno.ChildProcess,
  found: (address: string) => void,
  failed: (error: Error) => void,
): Promise<void> {
  let text = "";
  for await (const part of child.stderr.pipeThrough(new TextDecoderStream())) {
    text = (text + part).slice(-4000);
    const address = /DevTools listening on (ws:\S+)/.exec(text)?.[1];
    if (address !== undefined) found(address);
  }
  failed(new Error(`Chromium has ended: ${text}`)); // of no effect when it was found
}
