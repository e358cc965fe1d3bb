/**
 * What smarm itself says, on stderr. It harms no program that stderr cannot be written to: its disk is full, or it is a
 * pipe that does not block and whose reader is slow.
 *
 * @module
 */

const RETRY_MS = 5;

/** Writes whole lines. Waits for a slow reader, as on a pipe that blocks; what cannot be written is lost. */
export function writeStderr(text: string): void {
  try {
    console.error(text); // which OpenTelemetry hears too
  } catch {
    writeAgain(new TextEncoder().encode(`${text}\n`)); // of a long text a part may have been written
  }
}

function writeAgain(bytes: Uint8Array): void {
  const never = new Int32Array(new SharedArrayBuffer(4));
  while (bytes.length > 0) {
    try {
      bytes = bytes.subarray(Deno.stderr.writeSync(bytes));
    } catch (error) {
      if (!(error instanceof Deno.errors.WouldBlock)) return; // there is nobody left who could be told
      Atomics.wait(never, 0, 0, RETRY_MS);
    }
  }
}
