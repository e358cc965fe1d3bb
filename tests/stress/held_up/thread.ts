/**
 * Holds this thread up now and then before it looks at shared memory, for as long as an operating system may on a busy
 * machine: other threads find out what lies between any two of its steps. The runtime's own code knows nothing of it.
 *
 * @module
 */

/** One look of so many is held up. */
const ONE_IN = 1000;
const MOST_MS = 30;

const { wait } = Atomics;
const nobody = new Int32Array(new SharedArrayBuffer(4));

function holdUp(): void {
  if (Math.random() * ONE_IN >= 1) return;
  wait(nobody, 0, 0, MOST_MS * Math.random() ** 3); // mostly a moment, now and then longer than a time slice
}

for (const name of Object.getOwnPropertyNames(Atomics)) {
  const descriptor = Object.getOwnPropertyDescriptor(Atomics, name)!;
  const original = descriptor.value;
  Object.defineProperty(Atomics, name, {
    ...descriptor,
    value: (...args: unknown[]) => {
      holdUp();
      return original.apply(Atomics, args);
    },
  });
}
