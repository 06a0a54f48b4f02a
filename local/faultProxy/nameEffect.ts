import type { TargetName } from './proxyCall';

interface Effect {
  readonly effect: string;
  readonly resource?: string;
}

/** Names what a request does, from its method and path (path-style storage addresses: the account comes first). */
export function nameEffect(target: TargetName, method: string, pathAndQuery: string): Effect {
  const url = new URL(pathAndQuery, 'http://proxy.invalid');
  if (target === 'graph') return { effect: nameGraphEffect(method, url.pathname) };
  const [, , first = '', second = '', third] = url.pathname.split('/');
  const comp = url.searchParams.get('comp');
  if (target === 'queue') return named(queueVerb(method, second, third, url.searchParams), first);
  if (target === 'table') return nameTableEffect(method, decodeURIComponent(first));
  return named(`blob.${method}${comp === null ? '' : ` ${comp}`}`, first);
}

function named(effect: string, resource: string): Effect {
  return resource === '' ? { effect } : { effect, resource };
}

/** https://learn.microsoft.com/rest/api/storageservices/operations-on-messages and operations-on-queues */
function queueVerb(method: string, second: string, id: string | undefined, query: URLSearchParams): string {
  if (second !== 'messages') return `queue.${method}${query.has('comp') ? ` ${query.get('comp')}` : ''}`;
  if (id !== undefined) return method === 'DELETE' ? 'queue.delete' : 'queue.update';
  if (method === 'POST') return 'queue.send';
  if (method === 'DELETE') return 'queue.clear';
  return query.get('peekonly') === 'true' ? 'queue.peek' : 'queue.receive';
}

/** https://learn.microsoft.com/rest/api/storageservices/operations-on-entities and operations-on-tables */
function nameTableEffect(method: string, first: string): Effect {
  if (first === '$batch') return { effect: 'table.batch' };
  const name = first.replace(/\(.*$/s, '');
  if (name === 'Tables') {
    const table = /\('([^']*)'\)/.exec(first)?.[1];
    const verb = { POST: 'createTable', DELETE: 'deleteTable', GET: 'listTables' }[method] ?? method;
    return named(`table.${verb}`, table ?? '');
  }
  if (method === 'GET') return named(/\(.+\)$/s.test(first) ? 'table.get' : 'table.query', name);
  const verbs: Record<string, string> = {
    POST: 'insert',
    PUT: 'update',
    PATCH: 'merge',
    MERGE: 'merge',
    DELETE: 'delete',
  };
  return named(`table.${verbs[method] ?? method}`, name);
}

/** A `$batch` says in its body alone what it does (concepts/json-batching.md). */
function nameGraphEffect(method: string, path: string): string {
  return method === 'POST' && path.endsWith('/$batch') ? 'graph.batch' : `graph.${method} ${maskIds(path)}`;
}

/** In Graph's addresses an id follows the name of its collection; the ids would make every call's name another. */
const COLLECTIONS = new Set([
  ...['subscriptions', 'printers', 'shares', 'jobs', 'tasks', 'documents', 'taskDefinitions', 'taskTriggers'],
]);

function maskIds(path: string): string {
  const parts = path.split('/');
  return parts
    .map((part, index) => (COLLECTIONS.has(parts[index - 1] ?? '') && part !== '$count' ? '{id}' : part))
    .join('/');
}
