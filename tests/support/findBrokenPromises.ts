import type { ProxyCall } from '../../local/faultProxy/proxyCall';
import type { Flow } from './startFlow';
import type { Prepared } from './upkeepScenarios';

const POISON = ['print-notifications-poison', 'subscription-events-poison'];

/**
 * What of the promises does not hold for one customer, in words: each watch has its one subscription and nothing else of
 * ours is there, each job has its event exactly once, no task is open, nothing is poison.
 *
 * @param mayRepeat whether a death may have come between the send of an event and its record
 */
export async function findBrokenPromises(
  flow: Flow,
  { tenantId, watches, events }: Prepared,
  mayRepeat = false,
): Promise<string[]> {
  const broken: string[] = [];
  const rows: (string | undefined)[] = [];
  for await (const { watch } of (await flow.services.watches()).list(tenantId)) rows.push(watch.subscriptionId);
  if (rows.length !== watches) broken.push(`${rows.length} watches instead of ${watches}`);
  const live = (await flow.control.subscriptions({ tenantId })).map(({ id }) => id);
  if (live.length !== watches) broken.push(`${live.length} live subscriptions for ${watches} watches`);
  if (!rows.every((id) => live.includes(id ?? ''))) broken.push('a watch without its subscription');

  const ids = (await flow.events()).map(({ id }) => id).filter((id) => id.startsWith(`${tenantId}/`));
  const different = new Set(ids).size;
  if (different !== events) broken.push(`${different} job events instead of ${events}`);
  if (ids.length > different && !mayRepeat) broken.push(`${ids.length - different} events repeated`);
  const open = await flow.control.openTasks({ tenantId });
  if (open.length > 0) broken.push(`${open.length} tasks left open`);
  for (const queue of POISON) {
    const poison = await flow.queues.length(queue);
    if (poison > 0) broken.push(`${poison} messages in ${queue}`);
  }
  return broken;
}

/**
 * Whether among these calls is an event that was sent and is not known to be recorded: there alone may a death repeat it.
 * Each by its id, because jobs are worked on side by side.
 */
export function isEventUnrecorded(calls: readonly ProxyCall[]): boolean {
  const recorded = new Set(calls.flatMap(recordedIds));
  return calls.flatMap(sentIds).some((id) => !recorded.has(id));
}

function sentIds({ effect, resource, bodyText = '' }: ProxyCall): string[] {
  if (effect !== 'queue.send' || resource !== 'print-job-events') return [];
  const text = /<MessageText>([^<]+)</.exec(bodyText)?.[1] ?? '';
  return [(JSON.parse(Buffer.from(text, 'base64').toString('utf8')) as { id: string }).id];
}

function recordedIds({ effect, resource, end, bodyText = '' }: ProxyCall): string[] {
  if (effect !== 'table.batch' || resource !== 'PrintJobs' || end !== 'answered') return [];
  // Each part of the transaction has its row as one line of JSON.
  const rows = bodyText
    .split(/\r?\n/)
    .flatMap((line) => (line.startsWith('{') ? [JSON.parse(line) as Record<string, unknown>] : []));
  return rows
    .filter((row) => row['status'] === 'done')
    .map((row) => `${String(row['PartitionKey'])}/${String(row['RowKey'])}`);
}
