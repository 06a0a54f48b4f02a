import { createHash } from 'node:crypto';
import { readCells } from '../storage/cells';
import type { Row, StoredRow, TableChange } from '../storage/entityTable';
import { TABLE, type LedgerRow } from './ledgerRow';
import { ledgerRowKey, parseReference, type JobReference } from './message';

/**
 * Index rows lie beside the row of their job event and change in one transaction with it, so they cannot diverge.
 *
 *   open_{key}              a run has claimed the row
 *   due_{heldUntil}_{key}   the job is held, in the order in which holds end
 *   held_{userTag}_{key}    the job is held for this user
 *
 * A held job keeps its last two until it has ended, also while a run works on its end.
 */
export const OPEN = 'open_';
export const DUE = 'due_';
const HELD = 'held_';

/** The cells of an index row, by which `parseReference` knows the job event. */
const REFERENCE = ['kind', 'definitionId', 'taskId', 'printerId', 'shareId', 'jobId'] as const;

/** Names a user in keys: no id and no name of a user is in a key. */
export function userTag(tenantId: string, user: string): string {
  return createHash('sha256').update(`${tenantId}:${user.toLowerCase()}`).digest('hex').slice(0, 32);
}

/** The prefix of the index rows of a user's held jobs. */
export function heldPrefix(tag: string): string {
  return `${HELD}${tag}_`;
}

export function isIndexKey(rowKey: string): boolean {
  return [OPEN, DUE, HELD].some((prefix) => rowKey.startsWith(prefix));
}

/** The ledger RowKey in the key of an index row of held jobs. */
export function keyInIndex(indexKey: string): string {
  return indexKey.split('_').slice(2).join('_');
}

/** The changes of the index that belong to a change of a row. */
export function indexChanges(
  reference: JobReference,
  before: LedgerRow | undefined,
  after: LedgerRow | undefined,
): TableChange[] {
  const [old, current] = [before ? indexKeys(reference, before) : [], after ? indexKeys(reference, after) : []];
  const { tenantId, ...ids } = reference;
  const removed = old.filter((rowKey) => !current.includes(rowKey));
  const added = current.filter((rowKey) => !old.includes(rowKey));
  return [
    ...added.map((rowKey): TableChange => ({ insert: { partitionKey: tenantId, rowKey, ...ids } satisfies Row })),
    ...removed.map((rowKey): TableChange => ({ remove: { partitionKey: tenantId, rowKey } })),
  ];
}

function indexKeys(reference: JobReference, { status, phase, heldUntil, userTags = '' }: LedgerRow): string[] {
  const key = ledgerRowKey(reference);
  const isHeld = phase === 'end' && status !== 'done' && heldUntil !== undefined;
  const tags = userTags.split(',').filter((tag) => tag !== '');
  return [
    ...(status === 'claimed' ? [`${OPEN}${key}`] : []),
    ...(isHeld ? [`${DUE}${heldUntil}_${key}`, ...tags.map((tag) => `${heldPrefix(tag)}${key}`)] : []),
  ];
}

/** The job event of an index row. @throws ReceiverError `rowUnreadable` */
export function parseIndexRow(tenantId: string, row: StoredRow): JobReference {
  const cells = readCells(TABLE, row);
  const reference = parseReference(tenantId, cells.texts(REFERENCE));
  return cells.need(reference, 'kind with its ids', `it must name a job event in ${REFERENCE.join(', ')}`);
}
