import { InvalidArgumentError } from 'commander';
import type { LedgerKey } from '../shared/jobs/ledger';
import { EVENT_TYPES } from '../shared/jobs/jobEventSchema';
import { END_OF_FETCHABLE } from '../shared/jobs/message';
import { parseGuid, parseId } from '../shared/parse';
import { QUEUE_NAMES } from '../shared/storage/account';
import { oneOf } from './arguments';
import type { CliContext, CliServices } from './context';
import { plural, warn } from './output';

/** The text of `--type` in help. */
export const TYPE_HELP = `only this type: ${EVENT_TYPES.join(', ')}`;
export const typeArgument = oneOf(EVENT_TYPES);

/** An event of the ledger by its id. */
export interface EventName {
  id: string;
  key: LedgerKey;
}

/**
 * The id of an event: `{tenantId}/{key of its ledger row}`, and `/end` for the end of a job. The end of a fetchable job has a row of
 * its own.
 */
export function eventArgument(value: string): EventName {
  const [, tenant, ids = '', end = ''] = /^([^/]+)\/(job(?:Started|Fetchable)_[^/]+?)(\/end)?$/.exec(value) ?? [];
  const tenantId = parseGuid(tenant);
  const isKey = ids.split('_').every((part) => parseId(part) !== undefined);
  if (tenantId === undefined || !isKey)
    throw new InvalidArgumentError('It must be the id of an event, from events list.');
  const rowKey = end !== '' && ids.startsWith('jobFetchable_') ? `${ids}${END_OF_FETCHABLE}` : ids;
  return { id: `${tenantId}${value.slice(tenantId.length)}`, key: { tenantId, rowKey } };
}

/** The tenants whose events a verb reads: the one that is named, or all on the allow-list. */
export async function tenantIdsOf(
  { terminal }: Pick<CliContext, 'terminal'>,
  services: CliServices,
  tenant: string | undefined,
): Promise<string[]> {
  if (tenant !== undefined) return [tenant];
  const found: string[] = [];
  for await (const { tenantId } of (await services.tenants()).list(warn(terminal))) found.push(tenantId);
  return found.sort();
}

/** How many events wait for a consumer. */
export interface EventsQueue {
  name: string;
  waiting: number;
  poison: number;
}

export async function readEventsQueue(services: CliServices): Promise<EventsQueue> {
  const name = QUEUE_NAMES.jobEvents;
  const [ready, failed] = await Promise.all([services.queueContents(name), services.queueContents(`${name}-poison`)]);
  const [waiting, poison] = await Promise.all([ready.count(), failed.count()]);
  return { name, waiting, poison };
}

export function describeQueue({ name, waiting, poison }: EventsQueue): string {
  return `Queue ${name}: ${plural(waiting, 'event')} waiting, ${poison} in its poison queue.`;
}
