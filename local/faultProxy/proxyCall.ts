export type TargetName = 'queue' | 'table' | 'blob' | 'graph';

/** One request through the proxy. The proxy sets the last members while the call is in progress. */
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
  /** The request's body if its length was declared and is at most 128 KiB. */
  readonly bodyText?: string;
  readonly startedAt: number;
  /** How it ended. Absent while it is in progress. */
  end?: 'answered' | 'dropped' | 'clientGone' | 'targetFailed';
  /** The status of the target's answer, even if the client never received it. */
  status?: number;
  answeredAt?: number;
}

/** Whether a call is a storage write as counted per job: table writes, queue sends and queue deletes. */
export function isStorageWrite({ effect }: ProxyCall): boolean {
  return /^(table\.(insert|update|merge|delete|batch)|queue\.(send|delete))$/.test(effect);
}

type Effect = Pick<ProxyCall, 'effect' | 'resource'>;

/** Names the effect of a request. Storage paths begin with the account. `bodyText` names the table of a transaction. */
export function nameEffect(target: TargetName, method: string, pathAndQuery: string, bodyText = ''): Effect {
  const { pathname, searchParams } = new URL(pathAndQuery, 'http://proxy.invalid');
  const [, , first = '', second = '', third] = pathname.split('/');
  const comp = searchParams.has('comp') ? ` ${searchParams.get('comp')}` : '';
  switch (target) {
    case 'queue':
      if (second !== 'messages') return named(`queue.${method}${comp}`, first);
      return named(`queue.${messageVerb(method, third, searchParams.get('peekonly') === 'true')}`, first);
    case 'table':
      return tableEffect(method, decodeURIComponent(first), bodyText);
    case 'blob':
      return named(`blob.${method}${comp}`, first);
    case 'graph':
      // The content of a `$batch` is in its body alone (concepts/json-batching.md).
      if (method === 'POST' && pathname.endsWith('/$batch')) return { effect: 'graph.batch' };
      return { effect: `graph.${method} ${pathname.replace(COLLECTIONS, '/$1/{id}')}` };
  }
}

function named(effect: string, resource: string): Effect {
  return resource === '' ? { effect } : { effect, resource };
}

/** https://learn.microsoft.com/rest/api/storageservices/operations-on-messages */
function messageVerb(method: string, id: string | undefined, peek: boolean): string {
  if (id !== undefined) return method === 'DELETE' ? 'delete' : 'update';
  return { POST: 'send', DELETE: 'clear' }[method] ?? (peek ? 'peek' : 'receive');
}

/** https://learn.microsoft.com/rest/api/storageservices/operations-on-entities and operations-on-tables */
function tableEffect(method: string, first: string, bodyText: string): Effect {
  // A transaction has one table, and each of its parts a request line of its own (Performing entity group transactions).
  if (first === '$batch') return named('table.batch', BATCHED_TABLE.exec(bodyText)?.[1] ?? '');
  const name = first.replace(/\(.*$/s, '');
  if (name === 'Tables') {
    const verb = { POST: 'createTable', DELETE: 'deleteTable', GET: 'listTables' }[method] ?? method;
    return named(`table.${verb}`, /\('([^']*)'\)/.exec(first)?.[1] ?? '');
  }
  if (method === 'GET') return named(/\(.+\)$/s.test(first) ? 'table.get' : 'table.query', name);
  const verb = { POST: 'insert', PUT: 'update', PATCH: 'merge', MERGE: 'merge', DELETE: 'delete' }[method] ?? method;
  return named(`table.${verb}`, name);
}

const BATCHED_TABLE = /^(?:POST|PUT|PATCH|MERGE|DELETE) \S+\/([A-Za-z][A-Za-z0-9]*)(?:\(| |\?)/m;

/** In Graph's paths an id follows the name of its collection. Without ids equal calls have equal names. */
const COLLECTIONS =
  /\/(subscriptions|printers|shares|jobs|tasks|documents|taskDefinitions|taskTriggers)\/(?!\$count(?:\/|$))[^/]+/g;
