import { ReceiverError, type ErrorCode, type ReceiverErrorOptions } from '../errors';

export interface GraphErrorOptions extends ReceiverErrorOptions {
  /** HTTP status, or undefined when no answer arrived. */
  status?: number;
  /** `error.code` of Graph's answer. */
  graphCode?: string;
  /** Graph's request id, for its support. */
  requestId?: string;
  /** Milliseconds from now until the call may be sent again. */
  retryAfterMs?: number;
}

/** A call to Graph that did not end in a 2xx. */
export class GraphError extends ReceiverError {
  readonly status?: number;
  readonly graphCode?: string;
  readonly requestId?: string;
  readonly retryAfterMs?: number;

  constructor(code: ErrorCode, problem: string, options: GraphErrorOptions = {}) {
    super(code, problem, options);
    this.name = 'GraphError';
    if (options.status !== undefined) this.status = options.status;
    if (options.graphCode !== undefined) this.graphCode = options.graphCode;
    if (options.requestId !== undefined) this.requestId = options.requestId;
    if (options.retryAfterMs !== undefined) this.retryAfterMs = options.retryAfterMs;
  }
}

/** Whether the call was not sent at all, because Graph had asked for a pause of its tenant: it says nothing of the call. */
export function wasNotSent(error: unknown): error is GraphError {
  return error instanceof GraphError && error.code === 'graphThrottled' && error.status === undefined;
}
