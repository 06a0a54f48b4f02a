import type { CallGraph } from '../../shared/graph/client';
import { GraphError } from '../../shared/graph/errors';

/** Graph may throttle a customer for as long as its own jobs take. A run that waits longer than this is repeated later. */
const MOST_WAITS = 20;
const SHORTEST_WAIT_MS = 1_000;

/**
 * The same calls, each sent again where Graph throttles the customer for longer than the client waits. A throttled call has had
 * no effect, so that a POST may be sent again too.
 */
export function waitOutThrottling(
  callGraph: CallGraph,
  { sleep, onWait }: { sleep: (ms: number) => Promise<void>; onWait: (ms: number) => void },
): CallGraph {
  return async (call) => {
    for (let waits = 0; ; waits += 1) {
      try {
        return await callGraph(call);
      } catch (error) {
        const isThrottled = error instanceof GraphError && error.code === 'graphThrottled';
        if (!isThrottled || waits >= MOST_WAITS) throw error;
        const ms = Math.max(error.retryAfterMs ?? 0, SHORTEST_WAIT_MS);
        onWait(ms);
        await sleep(ms);
      }
    }
  };
}
