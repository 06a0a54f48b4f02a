import type { TableClient } from '@azure/data-tables';
import { RestError, type TableEntity, type TransactionAction } from '@azure/data-tables';
import { isRecord } from '../parse';
import { untilAborted } from '../concurrency';
import type { EntityTable, Row, StoredRow } from './entityTable';
import { toStorageError } from './toStorageError';

/** One call with its own retries. Under the ledger's lease and the host's patience, above any healthy answer. */
const TABLE_CALL_TIMEOUT_MS = 15_000;

/**
 * An Azure table behind the interface. `client` is made by tableService.ts, which knows how to sign in. Its calls reject
 * with ReceiverError `storageUnavailable` when the service could not serve them for now, refused us, or has no such table.
 */
export function createTableEntities(client: TableClient): EntityTable {
  const bounded = () => ({ abortSignal: AbortSignal.timeout(TABLE_CALL_TIMEOUT_MS) });
  const replace: EntityTable['replace'] = async (row, etag) => {
    // 404: somebody removed the row; for the caller that is a lost race like any other.
    const replaced = await unlessStatus(
      [404, 412],
      client.updateEntity(toEntity(row), 'Replace', { ...bounded(), etag }),
    );
    return replaced && requireEtag(replaced.etag);
  };
  return {
    async get(partitionKey, rowKey) {
      const found = await unlessStatus([404], client.getEntity(partitionKey, rowKey, bounded()));
      return found && toStoredRow(found);
    },
    async insert(row) {
      const inserted = await unlessStatus([409], client.createEntity(toEntity(row), bounded()));
      return inserted && requireEtag(inserted.etag);
    },
    replace,
    async replaceAll(changes) {
      if (changes.length === 0) return [];
      const actions = changes.map(({ row, etag }): TransactionAction => [
        'update',
        toEntity(row),
        'Replace',
        { etag },
      ]);
      const written = await unlessStatus([404, 412], client.submitTransaction(actions, bounded()));
      if (written) return written.subResponses.map(({ etag }) => requireEtag(etag));
      // All or nothing (Performing entity group transactions): one lost race has undone the others.
      return Promise.all(changes.map(({ row, etag }) => replace(row, etag)));
    },
    async remove(partitionKey, rowKey, etag) {
      const removed = await unlessStatus(
        [404, 412],
        client.deleteEntity(partitionKey, rowKey, { ...bounded(), etag }),
      );
      return removed !== undefined;
    },
    async *list(partitionKey, { rowKeyPrefix, cells } = {}) {
      const filter = [
        ...(partitionKey === undefined ? [] : [`PartitionKey eq ${quote(partitionKey)}`]),
        ...(rowKeyPrefix === undefined
          ? []
          : [`RowKey ge ${quote(rowKeyPrefix)}`, `RowKey lt ${quote(endOfPrefix(rowKeyPrefix))}`]),
      ].join(' and ');
      const queryOptions = {
        ...(filter === '' ? {} : { filter }),
        ...(cells === undefined ? {} : { select: ['partitionKey', 'rowKey', ...cells] }),
      };
      const pages = client.listEntities({ queryOptions }).byPage();
      for (;;) {
        const page = await withinTime(pages.next());
        if (page.done) return;
        for (const entity of page.value) yield toStoredRow(entity);
      }
    },
  };
}

/** A listing takes one signal for all its pages, however many: each page is bounded here instead. */
async function withinTime<T>(page: Promise<T>): Promise<T> {
  try {
    return await untilAborted(AbortSignal.timeout(TABLE_CALL_TIMEOUT_MS), page);
  } catch (error) {
    throw toStorageError(error, 'storageUnavailable');
  }
}

/** Undefined for these statuses. A 404 of a table that is missing is none of them: it says nothing about the row. */
async function unlessStatus<T>(statuses: number[], call: Promise<T>): Promise<T | undefined> {
  try {
    return await call;
  } catch (error) {
    if (error instanceof RestError && statuses.includes(error.statusCode ?? 0) && !isTableMissing(error)) {
      return undefined;
    }
    throw toStorageError(error, 'storageUnavailable');
  }
}

/**
 * The word of the service (Table service error codes) stands on the error itself for a transaction, and in its details
 * otherwise: from the header x-ms-error-code and from the body.
 */
function isTableMissing({ code, details }: RestError): boolean {
  const { errorCode, odataError }: Record<string, unknown> = isRecord(details) ? details : {};
  const inBody = isRecord(odataError) ? odataError['code'] : undefined;
  return [code, errorCode, inBody].includes('TableNotFound');
}

function quote(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

/** The first key after all that begin with `prefix`; keys compare by UTF-16 unit and ours are ASCII. */
function endOfPrefix(prefix: string): string {
  const last = prefix.length - 1;
  return prefix.slice(0, last) + String.fromCharCode(prefix.charCodeAt(last) + 1);
}

function toEntity(row: Row): TableEntity {
  return Object.fromEntries(Object.entries(row).filter(([, cell]) => cell !== undefined)) as TableEntity;
}

function toStoredRow(entity: Record<string, unknown>): StoredRow {
  return { cells: entity, etag: requireEtag(entity['etag']) };
}

function requireEtag(etag: unknown): string {
  if (typeof etag !== 'string') throw new TypeError('The table service answered without an ETag');
  return etag;
}
