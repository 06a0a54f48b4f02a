import { createLimit } from '../concurrency';
import { parseText } from '../parse';
import { updateRow, type EntityTable, type Row, type StoredRow } from '../storage/entityTable';
import { revocationName, type ClientStateRecord } from './clientState';

/**
 * One row in a partition of its own. A tenant id has no parentheses. With 200 revocations and 100 keys of the longest form
 * a cell stays under the 64 KiB of a property (Understanding the Table service data model).
 */
const ROW = { partitionKey: '(clientStates)', rowKey: 'record' } as const;
const MOST_REVOKED = 200;
const MOST_KEYS = 100;

interface StoredRecord extends ClientStateRecord {
  /** When the webhook last asked for a sweep of all watches; milliseconds since 1970, 0 for never. */
  sweepAskedAt: number;
}

const NOTHING: StoredRecord = { keyIds: new Set(), revoked: new Map(), sweepAskedAt: 0 };

/** Whether a row of the table Subscriptions is the record and not a watch. */
export function isClientStateRecord({ cells }: StoredRow): boolean {
  return cells['partitionKey'] === ROW.partitionKey;
}

/** The record in the table Subscriptions. @throws ReceiverError `rowContended` */
export function createClientStateRecords(table: EntityTable) {
  const noted = new Set<string>();
  // A run works on several tenants side by side, and they all note the same keys.
  const oneAtATime = createLimit(1);
  const change = async (apply: (record: StoredRecord) => StoredRecord): Promise<void> => {
    const update = () => updateRow(table, { parse, format }, ROW, apply);
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
    /** Notes the ids of keys that sign or have signed clientStates. This process asks storage once for each. */
    noteKeys(ids: readonly string[]): Promise<void> {
      if (ids.every((id) => noted.has(id))) return Promise.resolve();
      return oneAtATime(async () => {
        const missing = ids.filter((id) => !noted.has(id));
        if (missing.length === 0) return;
        await change((record) =>
          missing.every((id) => record.keyIds.has(id))
            ? record
            : { ...record, keyIds: new Set([...record.keyIds, ...missing].slice(-MOST_KEYS)) },
        );
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

function format({ keyIds, revoked, sweepAskedAt }: StoredRecord): Row {
  const lines = [...revoked].map(([name, generation]) => `${name} ${generation}`);
  return { ...ROW, keyIds: [...keyIds].join(','), revoked: lines.join('\n'), sweepAskedAt };
}

const REVOKED_LINE = /^(\S+ \S+) (\d+)$/;

/** The record only saves work, so what cannot be read of it is missing: the worker refuses, and the timers note again. */
function parse({ cells }: StoredRow): StoredRecord {
  const { keyIds, revoked, sweepAskedAt } = cells;
  const entries = parseText(revoked)
    .split('\n')
    .flatMap((line): (readonly [string, number])[] => {
      const [, name, generation] = REVOKED_LINE.exec(line) ?? [];
      return name === undefined ? [] : [[name, Number(generation)]];
    });
  return {
    keyIds: new Set(parseText(keyIds).split(',').filter(Boolean)),
    revoked: new Map(entries),
    sweepAskedAt: typeof sweepAskedAt === 'number' ? sweepAskedAt : 0,
  };
}
