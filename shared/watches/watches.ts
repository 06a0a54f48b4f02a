import type { ReceiverError } from '../errors';
import { parseId, parseOneOf } from '../parse';
import { readCells, unreadable } from '../storage/cells';
import { parseOrReport, updateRow, type EntityTable, type Row, type StoredRow } from '../storage/entityTable';
import { createClientStateRecords, isClientStateRecord } from './clientStateRecord';
import { firstGeneration } from './generation';
import { restOfHold } from './hold';

export type WatchKind = 'jobStarted' | 'jobFetchable';

/** A watch is one thing this app wants to be notified about: JobStarted of a task definition, or JobFetchable of a printer. */
export interface WatchKey {
  tenantId: string;
  kind: WatchKind;
  /** The id of the task definition (jobStarted) or of the printer (jobFetchable), lower-cased. */
  id: string;
}

/** The cells that a row may have in every status. Times are ISO 8601. */
interface WatchBase extends WatchKey {
  /** Jobs created before this time are ignored. */
  since: string;
  /** False once an operator has asked for the removal of the watch. */
  wanted: boolean;
  /** Part of the clientState. Raised when the clientState is revoked. */
  generation: number;
  /** Failed attempts in a row. */
  failures: number;
  /** A run holds the row for so many milliseconds more to create or replace its subscription. Nothing overrides it. */
  heldMs?: number | undefined;
  /** The clientState was revoked at this time: the current subscription is to be replaced. */
  revokedAt?: string | undefined;
  /** The clientState was last revoked at this time. */
  lastRevokedAt?: string | undefined;
  /** Graph's Retry-After of the last failure. Nothing overrides it. */
  retryAfterUntil?: string | undefined;
  /** When the last sweep began that Graph asked for with `missed`. */
  missedSweptAt?: string | undefined;
  /** A message waits until then to sweep this watch, for every `missed` that is received before. */
  sweepNotedUntil?: string | undefined;
  /** A sweep of this watch is wanted since then. Removed by the sweep that began later. */
  sweepWanted?: string | undefined;
  /** A message waits until then to renew the subscription, for every hint that is received before. */
  renewalNotedUntil?: string | undefined;
  /** The last PATCH that a `subscriptionRemoved` of Graph asked for. */
  removalHintedAt?: string | undefined;
  /** Last success of POST or PATCH. */
  renewedAt?: string | undefined;
  /** What the current subscription was created with, or the one that was last asked for. `keyCheck`: see `keyCheckOf`. */
  keyId?: string | undefined;
  keyCheck?: string | undefined;
  notificationUrl?: string | undefined;
  resource?: string | undefined;
  changeType?: string | undefined;
  /** Graph has answered since then that it has no such printer or definition. Removed when Graph shows it. */
  missingSince?: string | undefined;
  /** The name of the printer when it was added, by which people may name it. */
  name?: string | undefined;
}

type NoSubscription = { subscriptionId?: undefined; expirationDateTime?: undefined };
/** The expiry is the one that Graph returned. */
type HasSubscription = { subscriptionId: string; expirationDateTime: string };
type NoFailure = { lastError?: undefined; nextTryAt?: undefined };
/** `nextTryAt` is the end of the back-off. */
type HasFailure = { lastError: string; nextTryAt: string };

/** A watch and its current subscription: one row of the table Subscriptions. */
export type Watch =
  /** Graph has no subscription for it yet, or has lost it. */
  | (WatchBase & { status: 'pending' } & NoSubscription & NoFailure)
  /** As `pending`, and the last attempt to create one failed. */
  | (WatchBase & { status: 'createFailed' } & NoSubscription & HasFailure)
  /** It has a subscription. */
  | (WatchBase & { status: 'active' } & HasSubscription & NoFailure)
  /** It has a subscription, and the last attempt to renew, replace or delete it failed. */
  | (WatchBase & { status: 'updateFailed' } & HasSubscription & HasFailure)
  /** Graph had no such printer or definition, twice a day apart. No subscription is created. */
  | (WatchBase & { status: 'gone' } & NoSubscription & NoFailure);

/**
 * What stays of a watch after its removal, so that a clientState that was revoked before is never accepted again and its
 * number is never used again. See `mayBeForgotten`.
 */
export interface RemovedWatch extends WatchKey {
  status: 'removed';
  heldMs?: undefined;
  /** The last one of the watch. */
  generation: number;
  /** The ids of the keys in CLIENT_STATE_KEYS when it was removed, separated by commas. */
  keyIds: string;
  removedAt: string;
}

export type WatchWithSubscription = Extract<Watch, HasSubscription>;

/** A watch to add that has no subscription yet. */
export type NewWatch = WatchKey &
  Pick<WatchBase, 'since'> &
  Partial<Pick<WatchBase, 'wanted' | 'generation' | 'failures' | 'name'>> & {
    status?: undefined;
    subscriptionId?: undefined;
  };

/** A watch without a subscription. Its generation begins with the time at which it is added: none may occur again. */
export function newWatch(watch: NewWatch): Watch {
  const generation = firstGeneration(Date.parse(watch.since));
  return { wanted: true, generation, failures: 0, ...watch, status: 'pending' };
}

/** A watch and the ETag that guards its row. */
export interface StoredWatch {
  watch: Watch;
  etag: string;
}

export function hasSubscription(watch: Watch): watch is WatchWithSubscription {
  return watch.status === 'active' || watch.status === 'updateFailed';
}

/** The watch after its last failure stops mattering: it may be tried at once. */
export function withoutFailure(watch: Watch): Watch {
  const cleared = { lastError: undefined, nextTryAt: undefined };
  return hasSubscription(watch)
    ? { ...watch, ...cleared, status: 'active' }
    : { ...watch, ...cleared, status: 'pending' };
}

/** The watch after Graph has deleted or lost its subscription. Its URL stays: a 409 may show a subscription made for it. */
export function withoutSubscription(watch: Watch): Watch {
  const noKey = { keyId: undefined, keyCheck: undefined };
  const cleared = { subscriptionId: undefined, expirationDateTime: undefined, ...noKey, revokedAt: undefined };
  return watch.status === 'createFailed' || watch.status === 'updateFailed'
    ? { ...watch, ...cleared, status: 'createFailed' }
    : { ...watch, ...cleared, status: 'pending' };
}

/** `live`: it has a subscription; `lapsed`: its subscription has expired; `failing`: the last attempt failed. */
export type WatchState = 'live' | 'failing' | 'lapsed' | 'pending' | 'printerGone' | 'definitionGone';

/** One word for operators on the subscription of a watch at `now` (milliseconds since 1970). */
export function watchState(watch: Watch, now: number): WatchState {
  if (watch.status === 'pending') return 'pending';
  if (watch.status === 'gone') return watch.kind === 'jobStarted' ? 'definitionGone' : 'printerGone';
  if (watch.status === 'createFailed') return 'failing';
  if (!(Date.parse(watch.expirationDateTime) > now)) return 'lapsed';
  return watch.status === 'active' ? 'live' : 'failing';
}

/** RowKey of the watch in the table Subscriptions. */
export function watchRowKey(watch: Pick<WatchKey, 'kind' | 'id'>): string {
  return `${watch.kind}_${watch.id}`;
}

/** The reverse of `watchRowKey`; undefined for any other text. */
export function parseWatchRowKey(rowKey: string): Pick<WatchKey, 'kind' | 'id'> | undefined {
  const cut = rowKey.indexOf('_');
  const kind = parseOneOf(rowKey.slice(0, cut), ['jobStarted', 'jobFetchable']);
  const id = parseId(rowKey.slice(cut + 1));
  return kind && id !== undefined ? { kind, id } : undefined;
}

type OnUnreadable = (error: ReceiverError) => void;
export type Watches = ReturnType<typeof createWatches>;

/**
 * The table Subscriptions. All its reads and writes go through here. Where not said otherwise, a removed watch is none.
 *
 * @throws ReceiverError `rowUnreadable` from every read of a row without a known name or status, or with a cell of another form
 */
export function createWatches(table: EntityTable) {
  /** As `list`, with what stays of removed watches. */
  async function* listRecords(tenantId?: string, onUnreadable?: OnUnreadable) {
    for await (const row of table.list(tenantId)) {
      const record = isClientStateRecord(row) ? undefined : parseOrReport(() => parseRecord(row), onUnreadable);
      if (record) yield { record, etag: row.etag };
    }
  }
  return {
    clientStates: createClientStateRecords(table),
    async get(key: WatchKey): Promise<StoredWatch | undefined> {
      const row = await table.get(key.tenantId, watchRowKey(key));
      const watch = row && parseWatch(row);
      return watch && { watch, etag: row.etag };
    },
    /** A watch or what stays of a removed one. */
    async getRecord(key: WatchKey): Promise<Watch | RemovedWatch | undefined> {
      const row = await table.get(key.tenantId, watchRowKey(key));
      return row && parseRecord(row);
    },
    /** False when this watch exists. A watch that was removed continues with a higher generation. */
    async add(watch: Watch | NewWatch): Promise<boolean> {
      const added = watch.status === undefined ? newWatch(watch) : watch;
      if ((await table.insert(toRow(added))) !== undefined) return true;
      const row = await table.get(added.tenantId, watchRowKey(added));
      const found = row && parseRecord(row);
      if (!row || found?.status !== 'removed') return false;
      const generation = Math.max(added.generation, found.generation + 1);
      return (await table.replace(toRow({ ...added, generation }), row.etag)) !== undefined;
    },
    /** One attempt: the new ETag, or undefined when the row has changed since `etag` or is gone. */
    save: (watch: Watch, etag: string) => table.replace(toRow(watch), etag),
    /** As `save` for up to 100 watches of one tenant, in one call unless one of the rows has changed. */
    saveEach: (changes: readonly StoredWatch[]) =>
      table.replaceEach(changes.map(({ watch, etag }) => ({ row: toRow(watch), etag }))),
    /**
     * As `updateRow`: writes what `change` makes of the current row and repeats it over lost races. `known`, the row as it
     * was last read or written, saves a read. @throws ReceiverError `rowContended`
     */
    async update(key: WatchKey, change: (watch: Watch) => Watch, known?: StoredWatch) {
      const rowNames = { partitionKey: key.tenantId, rowKey: watchRowKey(key) };
      const last = known && { value: known.watch, etag: known.etag };
      const stored = await updateRow(table, { parse: parseWatch, format: toRow }, rowNames, change, last);
      return stored && { watch: stored.value, etag: stored.etag };
    },
    /** Leaves a RemovedWatch. False when the row has changed since `etag` or is gone. */
    async remove({ watch, etag }: StoredWatch, removal: Pick<RemovedWatch, 'keyIds' | 'removedAt'>): Promise<boolean> {
      const { tenantId, kind, id, generation } = watch;
      const removed: RemovedWatch = { tenantId, kind, id, status: 'removed', generation, ...removal };
      return (await table.replace(toRow(removed), etag)) !== undefined;
    },
    /** Deletes what stays of a removed watch. */
    forget: (removed: RemovedWatch, etag: string) => table.remove(removed.tenantId, watchRowKey(removed), etag),
    listRecords,
    /** All watches of a tenant, or of all. A row that cannot be read is reported and skipped, or the listing rejects. */
    async *list(tenantId?: string, onUnreadable?: OnUnreadable): AsyncGenerator<StoredWatch> {
      for await (const { record, etag } of listRecords(tenantId, onUnreadable)) {
        if (record.status !== 'removed') yield { watch: record, etag };
      }
    },
  };
}

function toRow(watch: Watch | RemovedWatch): Row {
  const { tenantId, kind, id, heldMs, ...cells } = watch;
  return { partitionKey: tenantId, rowKey: watchRowKey({ kind, id }), ...cells, ...(heldMs && { held: true }) };
}

const TABLE = 'Subscriptions';
const TIMES = [
  ...['revokedAt', 'lastRevokedAt', 'retryAfterUntil', 'missedSweptAt', 'sweepNotedUntil'],
  ...['sweepWanted', 'renewalNotedUntil', 'removalHintedAt', 'renewedAt', 'missingSince'],
] as const satisfies readonly (keyof WatchBase)[];
const TEXTS = ['keyId', 'keyCheck', 'notificationUrl', 'resource', 'changeType', 'name'] as const;
const STATUSES = ['pending', 'createFailed', 'active', 'updateFailed', 'gone', 'removed'] as const;

function parseWatch(row: StoredRow): Watch | undefined {
  const record = parseRecord(row);
  return record.status === 'removed' ? undefined : record;
}

function parseRecord(row: StoredRow): Watch | RemovedWatch {
  const { partitionKey, rowKey } = row.cells;
  const named = typeof rowKey === 'string' ? parseWatchRowKey(rowKey) : undefined;
  if (typeof partitionKey !== 'string' || !named) {
    throw unreadable(TABLE, row.cells, 'is not named jobStarted_{definitionId} or jobFetchable_{printerId}');
  }
  const cells = readCells(TABLE, row);
  const status = cells.need(cells.word('status', STATUSES), 'status', `it must be one of ${STATUSES.join(', ')}`);
  const generation = cells.count('generation') ?? 0;
  if (status === 'removed') {
    const removal = { keyIds: cells.text('keyIds') ?? '', removedAt: cells.time('removedAt') ?? '' };
    return { tenantId: partitionKey, ...named, status, generation, ...removal };
  }
  const base: WatchBase = {
    tenantId: partitionKey,
    ...named,
    since: cells.need(cells.time('since'), 'since', 'it must be the time from which jobs count'),
    wanted: cells.flag('wanted') ?? true,
    generation,
    failures: cells.count('failures') ?? 0,
    ...cells.times(TIMES),
    ...cells.texts(TEXTS),
    ...(cells.flag('held') ? restOfHold(row) : {}),
  };
  const failure = () => ({ lastError: cells.text('lastError') ?? '', nextTryAt: cells.time('nextTryAt') ?? '' });
  const subscription = () => ({
    subscriptionId: cells.need(
      cells.text('subscriptionId') || undefined,
      'subscriptionId',
      'it must be the id of the subscription at Graph',
    ),
    expirationDateTime: cells.time('expirationDateTime') ?? '',
  });
  switch (status) {
    case 'pending':
    case 'gone':
      return { ...base, status };
    case 'createFailed':
      return { ...base, status, ...failure() };
    case 'active':
      return { ...base, status, ...subscription() };
    case 'updateFailed':
      return { ...base, status, ...subscription(), ...failure() };
  }
}
