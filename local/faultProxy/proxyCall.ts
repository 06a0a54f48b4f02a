export type TargetName = 'queue' | 'table' | 'blob' | 'graph';

/** One request that passed the proxy, as far as it has come. */
export interface ProxyCall {
  /** Position among all calls of this proxy, from 1, in the order in which the requests were complete. */
  readonly n: number;
  readonly target: TargetName;
  readonly method: string;
  /** Path and query as sent. */
  readonly path: string;
  /** What the call does, such as `table.insert`, `queue.send`, `graph.PATCH /v1.0/print/taskDefinitions/{id}/tasks/{id}`. */
  readonly effect: string;
  /** The queue, table or container. */
  readonly resource?: string;
  /** The request's body when its length was declared and at most 128 KiB. */
  readonly bodyText?: string;
  readonly startedAt: number;
  /** How it ended; absent while it is under way. */
  readonly end?: 'answered' | 'dropped' | 'clientGone' | 'targetFailed';
  /** What the client was answered, or would have been. */
  readonly status?: number;
  readonly answeredAt?: number;
}

/** The same record while the proxy still writes it. */
export type OpenCall = { -readonly [key in keyof ProxyCall]: ProxyCall[key] };
