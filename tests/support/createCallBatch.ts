import type { CallGraphBatch } from '../../shared/graph/batch';
import type { CallGraph } from '../../shared/graph/client';

/** A `$batch` each part of which goes through `callGraph`, which sees it like any other call. */
export function createCallBatch(callGraph: CallGraph): CallGraphBatch {
  return (tenantId, parts) =>
    Promise.all(
      parts.map((part) =>
        callGraph({ tenantId, ...part }).then(
          (answer) => ({ answer }),
          (error: unknown) => ({ error }),
        ),
      ),
    );
}
