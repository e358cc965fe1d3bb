/**
 * The entry of a scheduler that can be stopped before any write to shared memory.
 *
 * Both imports are static: all is loaded before anything is evaluated, and no message is taken in between the two. With
 * an `import()` in the first one, the message that starts the scheduler was lost to it whenever loading took long.
 *
 * @module
 */
import "./killable_memory.ts";
import "../../runtime/scheduler_worker.ts";
