import type { Row, TableChange } from '../../shared/storage/entityTable';

/** The row of a job event that a transaction inserts or replaces beside its index. */
export function jobRowOf(changes: readonly TableChange[]): { kind: 'insert' | 'replace'; row: Row } {
  for (const change of changes) {
    const [kind, row] =
      'insert' in change
        ? (['insert', change.insert] as const)
        : 'replace' in change
          ? (['replace', change.replace] as const)
          : (['replace', undefined] as const);
    if (row && !row.rowKey.startsWith('open_')) return { kind, row };
  }
  throw new Error('The transaction changes no job event');
}
