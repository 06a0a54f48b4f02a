import type { ProxyCall } from './proxyCall';

const WRITES = new Set([
  ...['table.insert', 'table.update', 'table.merge', 'table.delete', 'table.batch'],
  ...['queue.send', 'queue.delete'],
]);

/** Whether a call is one of the storage writes that a job is counted by: table writes, queue sends and deletes. */
export function isStorageWrite(call: ProxyCall): boolean {
  return WRITES.has(call.effect);
}
