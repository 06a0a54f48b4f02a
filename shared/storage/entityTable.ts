/** What a cell of a table may hold here. */
export type Cell = string | number | boolean;

/** A row to be written: its two keys and its cells. A cell that is undefined is not written. */
export interface Row {
  partitionKey: string;
  rowKey: string;
  [cell: string]: Cell | undefined;
}

/** A row as it was read: from outside, so its cells are unknown until a parser has looked at them. */
export interface StoredRow {
  cells: Readonly<Record<string, unknown>>;
  etag: string;
}

/**
 * One table. The ledger and the watches rest on three promises: `insert` succeeds for exactly one of many callers,
 * `replace` and `remove` succeed only when the row is still the one that was read, and a write that has resolved is
 * seen by every later read. When a write rejects its outcome is unknown.
 */
export interface EntityTable {
  get(partitionKey: string, rowKey: string): Promise<StoredRow | undefined>;
  /** The new ETag, or undefined when a row with these keys exists. */
  insert(row: Row): Promise<string | undefined>;
  /** Replaces the whole row. The new ETag, or undefined when the row has changed since `etag` or is gone. */
  replace(row: Row, etag: string): Promise<string | undefined>;
  /**
   * Replaces up to 100 rows of one partition, each on its own: the new ETags in the order of the rows, undefined for one
   * that has changed since its `etag` or is gone.
   */
  replaceAll(changes: readonly { row: Row; etag: string }[]): Promise<(string | undefined)[]>;
  /** False when the row has changed since `etag` or is gone. */
  remove(partitionKey: string, rowKey: string, etag: string): Promise<boolean>;
  /** Every row of a partition, or of the table, in the order of the keys. */
  list(partitionKey?: string, options?: ListOptions): AsyncIterable<StoredRow>;
}

/** What a listing of one partition may leave out. */
export interface ListOptions {
  /** Only rows whose RowKey begins with this; not empty. */
  rowKeyPrefix?: string;
  /** Only these cells beside the two keys: a ledger row carries its whole job, which most readers do not need. */
  cells?: readonly string[];
}
