import type { EntityTable, Row, StoredRow } from '../../shared/storage/entityTable';

function only(row: StoredRow, cells: readonly string[] | undefined): StoredRow {
  if (!cells) return row;
  const shown = ['partitionKey', 'rowKey', ...cells];
  return { ...row, cells: Object.fromEntries(Object.entries(row.cells).filter(([name]) => shown.includes(name))) };
}

/**
 * An EntityTable in memory. It passes the same contract suite as the Azure table (tests/contracts).
 *
 * @param clock of the service, which stamps its rows
 */
export function createMemoryTable(
  clock: { now: () => number } = { now: () => Date.now() },
): EntityTable & { clear(): void; size(): number } {
  const rows = new Map<string, { row: Row; version: number }>();
  let version = 0;
  const keyOf = (partitionKey: string, rowKey: string) => `${partitionKey}\n${rowKey}`;
  const stored = ({ row, version: current }: { row: Row; version: number }) => ({
    cells: { ...row },
    etag: `W/"${current}"`,
    readAt: clock.now(),
  });
  const write = (row: Row) => {
    version += 1;
    // Here and not at every read, of which there are far more.
    const kept = Object.entries(row).filter(([, cell]) => cell !== undefined);
    const timestamp = new Date(clock.now()).toISOString();
    rows.set(keyOf(row.partitionKey, row.rowKey), {
      row: { ...(Object.fromEntries(kept) as Row), timestamp },
      version,
    });
    return `W/"${version}"`;
  };
  const replace = (row: Row, etag: string) => {
    const found = rows.get(keyOf(row.partitionKey, row.rowKey));
    return found && stored(found).etag === etag ? write(row) : undefined;
  };
  return {
    get: (partitionKey, rowKey, cells) => {
      const found = rows.get(keyOf(partitionKey, rowKey));
      return Promise.resolve(found && only(stored(found), cells));
    },
    insert: (row) => Promise.resolve(rows.has(keyOf(row.partitionKey, row.rowKey)) ? undefined : write(row)),
    replace: (row, etag) => Promise.resolve(replace(row, etag)),
    replaceEach: (changes) => Promise.resolve(changes.map(({ row, etag }) => replace(row, etag))),
    write: (changes) => {
      const isFree = changes.every((change) => {
        if ('insert' in change) return !rows.has(keyOf(change.insert.partitionKey, change.insert.rowKey));
        const { partitionKey, rowKey } = 'replace' in change ? change.replace : change.remove;
        const found = rows.get(keyOf(partitionKey, rowKey));
        return found !== undefined && ('remove' in change || stored(found).etag === change.etag);
      });
      if (!isFree) return Promise.resolve(undefined);
      const etags = changes.map((change) => {
        if ('insert' in change) return write(change.insert);
        if ('replace' in change) return write(change.replace);
        rows.delete(keyOf(change.remove.partitionKey, change.remove.rowKey));
        return '';
      });
      return Promise.resolve(etags);
    },
    remove: (partitionKey, rowKey, etag) => {
      const found = rows.get(keyOf(partitionKey, rowKey));
      if (!found || stored(found).etag !== etag) return Promise.resolve(false);
      return Promise.resolve(rows.delete(keyOf(partitionKey, rowKey)));
    },
    async *list(partitionKey, { rowKeyPrefix = '', after, before, writtenFrom, writtenBefore, most, cells } = {}) {
      await Promise.resolve();
      let left = most ?? Infinity;
      for (const key of [...rows.keys()].sort()) {
        const found = rows.get(key);
        if (!found?.row.rowKey.startsWith(rowKeyPrefix)) continue;
        if (after !== undefined && found.row.rowKey <= after) continue;
        if (before !== undefined && found.row.rowKey >= before) continue;
        if (partitionKey !== undefined && found.row.partitionKey !== partitionKey) continue;
        const { timestamp } = found.row;
        if (writtenFrom !== undefined && String(timestamp) < writtenFrom) continue;
        if (writtenBefore !== undefined && String(timestamp) >= writtenBefore) continue;
        if (left === 0) return;
        left -= 1;
        yield only(stored(found), cells);
      }
    },
    clear: () => rows.clear(),
    size: () => rows.size,
  };
}
