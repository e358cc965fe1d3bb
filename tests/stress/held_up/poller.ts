/** The entry of a poller that is held up. */
import "./thread.ts";
import "../../../io/poller_worker.ts";
