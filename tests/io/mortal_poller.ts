/**
 * The entry of a poller that can be told to die.
 *
 * @module
 */
import "./mortality.ts";
import "../../io/poller_worker.ts";
