/** One request to Microsoft Graph on behalf of one tenant. */
export interface GraphCall {
  tenantId: string;
  method: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  /** Relative to GRAPH_BASE_URL, ids already encoded, e.g. `/subscriptions/{id}`. */
  path: string;
  body?: unknown;
  /** The application permission this call needs, for the words of a 401 or 403. */
  permission: string;
  /** Milliseconds one try may take, where the usual 10 s are not enough. */
  tryTimeoutMs?: number;
  /** A status besides 2xx whose body is an answer too: 424 of a `$batch`. */
  alsoAnswer?: number;
  /** A POST that may be sent again when its answer was lost, because it makes nothing. */
  repeatable?: true;
}

export interface GraphAnswer {
  status: number;
  /** Parsed JSON, or undefined for an empty answer. */
  body: unknown;
}

/**
 * Microsoft Graph. A call resolves for every 2xx and rejects with a GraphError otherwise. It waits out a Retry-After
 * of five seconds or less by itself and refuses, without sending anything, while its tenant is throttled for longer.
 */
export type CallGraph = (call: GraphCall) => Promise<GraphAnswer>;
