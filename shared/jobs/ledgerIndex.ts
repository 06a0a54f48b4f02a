import { createHash } from 'node:crypto';
import { readCells } from '../storage/cells';
import type { Row, StoredRow, TableChange } from '../storage/entityTable';
import { TABLE, type LedgerRow } from './ledgerRow';
import { ledgerRowKey, parseReference, type JobReference } from './message';

/**
 * Index rows lie beside the row of their job event and change in one transaction with it, so they cannot diverge.
 *
 *   open_{key}              a run has claimed the row, or the job waits for the archive or comes from it
 *   due_{heldUntil}_{key}   the job is held, in the order in which holds end
 *   held_{userTag}_{key}    the job is held for this user
 *   day_{yyyy-mm-dd}_{key}  the job was first seen on this day, until retention removes the row
 *
 * A held job keeps `due_` and `held_` until it has ended, also while a run works on its end.
 */
export const OPEN = 'open_';
export const DUE = 'due_';
const HELD = 'held_';
export const DAY = 'day_';

/** The cells of an index row, by which `parseReference` knows the job event. */
const REFERENCE = ['kind', 'definitionId', 'taskId', 'printerId', 'shareId', 'jobId'] as const;

/** Names a user in keys: no id and no name of a user is in a key. */
export function userTag(tenantId: string, user: string): string {
  return createHash('sha256').update(`${tenantId}:${user.toLowerCase()}`).digest('hex').slice(0, 32);
}

/** The day of a time, yyyy-mm-dd in UTC. */
export function dayOf(time: string): string {
  return time.slice(0, 10);
}

/** The prefix of the index rows of a user's held jobs. */
export function heldPrefix(tag: string): string {
  return `${HELD}${tag}_`;
}

export function isIndexKey(rowKey: string): boolean {
  return [OPEN, DUE, HELD, DAY].some((prefix) => rowKey.startsWith(prefix));
}

/** The ledger RowKey in the key of an index row by day, or of a held job. */
export function keyInIndex(indexKey: string): string {
  return indexKey.split('_').slice(2).join('_');
}

/** An index row that is made or removed. */
export type IndexChange = Exclude<TableChange, { replace: Row }>;

/** The changes of the index that belong to a change of a row. */
export function indexChanges(
  reference: JobReference,
  before: LedgerRow | undefined,
  after: LedgerRow | undefined,
): IndexChange[] {
  const [old, current] = [before ? indexKeys(reference, before) : [], after ? indexKeys(reference, after) : []];
  const { tenantId, ...ids } = reference;
  const removed = old.filter((rowKey) => !current.includes(rowKey));
  const added = current.filter((rowKey) => !old.includes(rowKey));
  return [
    ...added.map((rowKey): IndexChange => ({ insert: { partitionKey: tenantId, rowKey, ...ids } satisfies Row })),
    ...removed.map((rowKey): IndexChange => ({ remove: { partitionKey: tenantId, rowKey } })),
  ];
}

function indexKeys(reference: JobReference, row: LedgerRow): string[] {
  const { status, phase, heldUntil, userTags = '', archive } = row;
  const key = ledgerRowKey(reference);
  const isOpen = status === 'claimed' || (status === 'waiting' && archive !== undefined);
  const isHeld = phase === 'end' && status !== 'done' && heldUntil !== undefined;
  const tags = userTags.split(',').filter((tag) => tag !== '');
  return [
    `${DAY}${dayOf(row.firstSeenAt)}_${key}`,
    ...(isOpen ? [`${OPEN}${key}`] : []),
    ...(isHeld ? [`${DUE}${heldUntil}_${key}`, ...tags.map((tag) => `${heldPrefix(tag)}${key}`)] : []),
  ];
}

/** The job event of an index row. @throws ReceiverError `rowUnreadable` */
export function parseIndexRow(tenantId: string, row: StoredRow): JobReference {
  const cells = readCells(TABLE, row);
  const reference = parseReference(tenantId, cells.texts(REFERENCE));
  return cells.need(reference, 'kind with its ids', `it must name a job event in ${REFERENCE.join(', ')}`);
}
