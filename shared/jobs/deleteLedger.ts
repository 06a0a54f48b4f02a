import type { EntityTable } from '../storage/entityTable';

/** Rows side by side: far under the 2,000 entities a second of one table partition. */
const ROWS_AT_ONCE = 16;

/**
 * Deletes the ledger of a tenant. The tenant must not be served any more: a job whose row is gone is new to whoever
 * hears of it.
 *
 * @param onProgress hears after each batch how many rows are gone
 * @returns how many rows are gone
 */
export async function deleteLedger(
  ledger: Pick<EntityTable, 'get' | 'list' | 'remove'>,
  tenantId: string,
  onProgress: (rows: number) => void = () => undefined,
): Promise<number> {
  let deleted = 0;
  let batch: Promise<void>[] = [];
  const flush = async () => {
    await Promise.all(batch);
    deleted += batch.length;
    batch = [];
    onProgress(deleted);
  };
  for await (const { cells, etag } of ledger.list(tenantId, { cells: [] })) {
    const { rowKey } = cells;
    if (typeof rowKey !== 'string') continue;
    batch.push(deleteRow(ledger, tenantId, rowKey, etag));
    if (batch.length === ROWS_AT_ONCE) await flush();
  }
  if (batch.length > 0) await flush();
  return deleted;
}

async function deleteRow(
  ledger: Pick<EntityTable, 'get' | 'remove'>,
  tenantId: string,
  rowKey: string,
  firstEtag: string,
): Promise<void> {
  for (let etag: string | undefined = firstEtag; etag !== undefined;) {
    if (await ledger.remove(tenantId, rowKey, etag)) return;
    // A run that was under way has written it meanwhile.
    etag = (await ledger.get(tenantId, rowKey))?.etag;
  }
}
