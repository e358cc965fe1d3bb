/** The entry of a scheduler that is held up. Static imports: killable_worker.ts says why. */
import "./thread.ts";
import "../../../runtime/scheduler_worker.ts";
