import {
  type GetTableEntityOptions,
  type TableEntity,
  type TransactionAction,
  RestError,
  TableClient,
} from '@azure/data-tables';
import { untilAborted } from '../concurrency';
import type { StorageConfig } from '../config';
import { isRecord } from '../parse';
import { openOwnIdentity } from './account';
import { toStorageError } from './errors';
import type { EntityTable, Row, StoredRow, TableChange } from './entityTable';

/** One call with the retries of the client. Under the lease of the ledger and the time-out of the host, above any healthy answer. */
const TABLE_CALL_TIMEOUT_MS = 15_000;

/** Opens the tables of the storage account in the settings, by name. */
export async function openTables(storage: StorageConfig): Promise<(name: string) => EntityTable> {
  if ('connectionString' in storage) {
    const { connectionString } = storage;
    // The client refuses plain http by default; the settings allow it on loopback only, for Azurite.
    const options = { allowInsecureConnection: true };
    return (name) => createAzureTable(TableClient.fromConnectionString(connectionString, name, options));
  }
  const { tableServiceUri } = storage;
  const credential = await openOwnIdentity(storage);
  const options = { allowInsecureConnection: tableServiceUri.startsWith('http:') };
  return (name) => createAzureTable(new TableClient(tableServiceUri, name, credential, options));
}

/**
 * An Azure table behind the interface. Its calls reject with ReceiverError `storageUnavailable` when the service is
 * unavailable for now, refuses the app, or has no such table.
 */
export function createAzureTable(client: TableClient): EntityTable {
  const bounded = () => ({ abortSignal: AbortSignal.timeout(TABLE_CALL_TIMEOUT_MS) });
  const unlessStatus = createUnlessStatus(client.url);
  const replace: EntityTable['replace'] = async (row, etag) => {
    const written = client.updateEntity(toEntity(row), 'Replace', { ...bounded(), etag });
    // 404: the row was deleted, which is a lost race like any other to the caller.
    const replaced = await unlessStatus([404, 412], written);
    return replaced && requireEtag(replaced.etag);
  };
  const transact = async (actions: TransactionAction[]) => {
    const written = await unlessStatus([404, 409, 412], client.submitTransaction(actions, bounded()));
    return written?.subResponses.map(({ etag }) => etag);
  };
  return {
    async get(partitionKey, rowKey, cells) {
      const service = watchDate();
      const queryOptions = cells === undefined ? {} : { queryOptions: selecting(cells) };
      const reading = client.getEntity(partitionKey, rowKey, { ...bounded(), ...queryOptions, ...service });
      const found = await unlessStatus([404], reading);
      return found && toStoredRow(found, service.readAt());
    },
    async insert(row) {
      const inserted = await unlessStatus([409], client.createEntity(toEntity(row), bounded()));
      return inserted && requireEtag(inserted.etag);
    },
    replace,
    async replaceEach(changes) {
      if (changes.length === 0) return [];
      const etags = await transact(changes.map(({ row, etag }) => toAction({ replace: row, etag })));
      if (etags) return etags.map(requireEtag);
      // All or nothing (Performing entity group transactions): one lost race has undone the others.
      return Promise.all(changes.map(({ row, etag }) => replace(row, etag)));
    },
    async write(changes) {
      return (await transact(changes.map(toAction)))?.map((etag) => etag ?? '');
    },
    async remove(partitionKey, rowKey, etag) {
      const removed = await unlessStatus([404, 412], client.deleteEntity(partitionKey, rowKey, { ...bounded(), etag }));
      return removed !== undefined;
    },
    async *list(partitionKey, { rowKeyPrefix, after, before, writtenFrom, writtenBefore, most, cells } = {}) {
      const filters: string[] = [];
      if (partitionKey !== undefined) filters.push(`PartitionKey eq ${quote(partitionKey)}`);
      if (rowKeyPrefix !== undefined) {
        filters.push(`RowKey ge ${quote(rowKeyPrefix)}`, `RowKey lt ${quote(endOfPrefix(rowKeyPrefix))}`);
      }
      if (after !== undefined) filters.push(`RowKey gt ${quote(after)}`);
      if (before !== undefined) filters.push(`RowKey lt ${quote(before)}`);
      if (writtenFrom !== undefined) filters.push(`Timestamp ge datetime${quote(writtenFrom)}`);
      if (writtenBefore !== undefined) filters.push(`Timestamp lt datetime${quote(writtenBefore)}`);
      const queryOptions = {
        ...(filters.length === 0 ? {} : { filter: filters.join(' and ') }),
        ...(cells === undefined ? {} : selecting(cells)),
      };
      const service = watchDate();
      const pages = client.listEntities({ queryOptions, ...service }).byPage(most ? { maxPageSize: most } : {});
      for (let left = most ?? Infinity; left > 0;) {
        // A listing takes one signal for all its pages, however many, so each page is bounded here.
        const next = pages.next();
        const page = await unlessStatus([], untilAborted(AbortSignal.timeout(TABLE_CALL_TIMEOUT_MS), next));
        if (page === undefined || page.done) return;
        left -= page.value.length;
        for (const entity of page.value) yield toStoredRow(entity, service.readAt());
      }
    },
  };
}

/** Undefined for these statuses. Those of a table that is missing or being deleted say nothing about the row. */
function createUnlessStatus(url: string) {
  return async <T>(statuses: number[], call: Promise<T>): Promise<T | undefined> => {
    try {
      return await call;
    } catch (error) {
      if (error instanceof RestError && statuses.includes(error.statusCode ?? 0) && !isTableMissing(error)) {
        return undefined;
      }
      throw toStorageError(error, 'storageUnavailable', url);
    }
  };
}

/**
 * The error code of the service (Table service error codes) is on the error itself for a transaction, and in its
 * details otherwise: from the header x-ms-error-code and from the body.
 */
function isTableMissing({ code, details }: RestError): boolean {
  const { errorCode, odataError }: Record<string, unknown> = isRecord(details) ? details : {};
  const inBody = isRecord(odataError) ? odataError['code'] : undefined;
  return [code, errorCode, inBody].some((one) => one === 'TableNotFound' || one === 'TableBeingDeleted');
}

function toAction(change: TableChange): TransactionAction {
  if ('insert' in change) return ['create', toEntity(change.insert)];
  if ('replace' in change) return ['update', toEntity(change.replace), 'Replace', { etag: change.etag }];
  // The SDK deletes whatever ETag the row has: index rows are only ever removed together with the row they belong to.
  return ['delete', change.remove];
}

function selecting(cells: readonly string[]) {
  return { select: ['partitionKey', 'rowKey', ...cells] };
}

function quote(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

/** The first key after all that begin with `prefix`. Keys compare by UTF-16 unit, and ours are ASCII. */
function endOfPrefix(prefix: string): string {
  const last = prefix.length - 1;
  return prefix.slice(0, last) + String.fromCharCode(prefix.charCodeAt(last) + 1);
}

function toEntity(row: Row): TableEntity {
  return Object.fromEntries(Object.entries(row).filter(([, cell]) => cell !== undefined)) as TableEntity;
}

function toStoredRow(entity: Record<string, unknown>, readAt: number): StoredRow {
  return { cells: entity, etag: requireEtag(entity['etag']), ...(Number.isNaN(readAt) ? {} : { readAt }) };
}

/** An option of the client that keeps the header Date of the last answer. */
function watchDate(): Pick<GetTableEntityOptions, 'onResponse'> & { readAt: () => number } {
  let readAt = NaN;
  return {
    onResponse: ({ headers }) => void (readAt = Date.parse(headers.get('date') ?? '')),
    readAt: () => readAt,
  };
}

function requireEtag(etag: unknown): string {
  if (typeof etag !== 'string') throw new TypeError('The table service answered without an ETag');
  return etag;
}
