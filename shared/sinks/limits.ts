/**
 * Calls to the sink side by side in one process. The host works on up to 24 events at a time, beside as many messages of
 * each other queue, so a slow sink keeps few connections and no place of a job.
 */
export const MOST_CALLS = 4;

/** An event that the sink has not accepted for so long is moved to the queue of dead events. */
export const RETRIED_FOR_MS = 3 * 24 * 60 * 60_000;

/** The longest wait of an event between two attempts, and the longest Retry-After that is honoured. */
export const LONGEST_WAIT_MS = 60 * 60_000;

export const SHORTEST_WAIT_MS = 30_000;
