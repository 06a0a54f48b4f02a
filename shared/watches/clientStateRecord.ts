import { createLimit } from '../concurrency';
import type { ReceiverError } from '../errors';
import { readCells, unreadable } from '../storage/cells';
import { parseOrReport, updateRow, type EntityTable, type Row, type StoredRow } from '../storage/entityTable';
import { revocationName, type ClientStateRecord } from './clientState';

/**
 * One row in a partition of its own. A tenant id has no parentheses. With 200 revocations and 100 keys of the longest form
 * a cell stays under the 64 KiB of a property (Understanding the Table service data model).
 */
const ROW = { partitionKey: '(clientStates)', rowKey: 'record' } as const;
const TABLE = 'Subscriptions';
const MOST_REVOKED = 200;
/** A tenant id of 128 characters, a tag of 22 and a generation of 9. */
const LONGEST_LINE = 161;
const MOST_KEYS = 100;

interface StoredRecord extends ClientStateRecord {
  /** When the webhook last asked for a sweep of all watches; milliseconds since 1970, 0 for never. */
  sweepAskedAt: number;
  /** Lines of `revoked` that cannot be read: a write keeps them, so that a person can correct them. */
  unread: readonly string[];
}

type Report = (error: ReceiverError) => void;
const ignore: Report = () => undefined;

const NOTHING: StoredRecord = { keyIds: new Set(), revoked: new Map(), sweepAskedAt: 0, unread: [] };

/** Whether a row of the table Subscriptions is the record and not a watch. */
export function isClientStateRecord({ cells }: StoredRow): boolean {
  return cells['partitionKey'] === ROW.partitionKey;
}

/** The record in the table Subscriptions. @throws ReceiverError `rowContended` */
export function createClientStateRecords(table: EntityTable) {
  const noted = new Set<string>();
  // A run works on several tenants side by side, and they all note the same keys.
  const oneAtATime = createLimit(1);
  const change = async (apply: (record: StoredRecord) => StoredRecord, report?: Report): Promise<void> => {
    const update = () => updateRow(table, { parse: (row) => parse(row, report), format }, ROW, apply);
    if (await update()) return;
    if ((await table.insert(format(apply(NOTHING)))) === undefined) await update();
  };
  return {
    /** Undefined until a key was noted: an empty list would mean that no clientState was ever issued. */
    async read(): Promise<ClientStateRecord | undefined> {
      const row = await table.get(ROW.partitionKey, ROW.rowKey);
      const record = row && parse(row);
      return record && record.keyIds.size > 0 ? record : undefined;
    },
    /**
     * Notes the ids of keys that sign or have signed clientStates. This process asks storage once for each.
     *
     * @param report is called with what cannot be read of the row
     */
    noteKeys(ids: readonly string[], report?: Report): Promise<void> {
      if (ids.every((id) => noted.has(id))) return Promise.resolve();
      return oneAtATime(async () => {
        const missing = ids.filter((id) => !noted.has(id));
        if (missing.length === 0) return;
        const note = (record: StoredRecord): StoredRecord =>
          missing.every((id) => record.keyIds.has(id))
            ? record
            : { ...record, keyIds: new Set([...record.keyIds, ...missing].slice(-MOST_KEYS)) };
        await change(note, report);
        for (const id of missing) noted.add(id);
      });
    },
    /** Notes that every clientState of a watch below `generation` was revoked. The 200 watches noted last are kept. */
    noteRevoked({ tenantId, tag, generation }: { tenantId: string; tag: string; generation: number }): Promise<void> {
      const name = revocationName(tenantId, tag);
      return change((record) => {
        const others = [...record.revoked].filter(([other]) => other !== name);
        const lowest = Math.max(generation, record.revoked.get(name) ?? 0);
        return { ...record, revoked: new Map([...others, [name, lowest] as const].slice(-MOST_REVOKED)) };
      });
    },
    /** True for one of the processes that ask within `everyMs`. @param now milliseconds since 1970 */
    async claimSweep(now: number, everyMs: number): Promise<boolean> {
      let isFirst = false;
      await change((record) => {
        isFirst = now - record.sweepAskedAt >= everyMs;
        return isFirst ? { ...record, sweepAskedAt: now } : record;
      });
      return isFirst;
    },
  };
}

function format({ keyIds, revoked, sweepAskedAt, unread }: StoredRecord): Row {
  // A longer line is none of ours, and would not leave the others their room in the cell.
  const kept = unread.filter((line) => line.length <= LONGEST_LINE);
  const lines = [...kept, ...[...revoked].map(([name, generation]) => `${name} ${generation}`)];
  return { ...ROW, keyIds: [...keyIds].join(','), revoked: lines.slice(-MOST_REVOKED).join('\n'), sweepAskedAt };
}

const REVOKED_LINE = /^(\S+ \S+) (\d+)$/;

/** The record only saves work, so what cannot be read of it is missing: the worker refuses, and the timers note again. */
function parse(row: StoredRow, report: Report = ignore): StoredRecord {
  const cells = readCells(TABLE, row);
  const textOf = (name: string) => parseOrReport(() => cells.text(name), report) ?? '';
  const revoked = new Map<string, number>();
  const unread: string[] = [];
  // Tools that import and export tables write line ends of their own.
  for (const line of textOf('revoked').split(/\r?\n/)) {
    const [, name, generation] = REVOKED_LINE.exec(line) ?? [];
    if (name !== undefined) revoked.set(name, Number(generation));
    else if (line !== '') unread.push(line);
  }
  if (unread.length > 0) {
    const form = 'has a line of revoked in another form than {tenantId} {tag} {generation}';
    report(unreadable(TABLE, row.cells, form));
  }
  return {
    keyIds: new Set(textOf('keyIds').split(',').filter(Boolean)),
    revoked,
    sweepAskedAt: parseOrReport(() => cells.count('sweepAskedAt'), report) ?? 0,
    unread,
  };
}
