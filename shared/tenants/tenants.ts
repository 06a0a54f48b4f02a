import { ReceiverError } from '../errors';
import { parseOrReport, updateRow, type EntityTable, type StoredRow } from '../storage/entityTable';

export type TenantStatus = 'active' | 'paused' | 'removed';

/** A customer who has consented, as the table Tenants holds it. */
export interface Tenant {
  tenantId: string;
  name: string;
  status: TenantStatus;
  /** How long a task of this customer may stay open, in minutes. */
  taskDeadlineMinutes: number;
  /** How long the ledger remembers this customer's jobs, in days. */
  retentionDays: number;
  /** ISO 8601. */
  createdAt: string;
  /** Why nothing of this customer could be reached, e.g. a consent that was taken back; with what to do. */
  lastError?: string;
  /** Runs in a row that reached nothing. */
  failures?: number;
  /** Its subscriptions are left alone until then; ISO 8601. */
  nextTryAt?: string;
  /** When its subscriptions were last listed to find orphans; ISO 8601. */
  listedAt?: string;
  /** Ids of the subscriptions that this listing showed and no watch has, separated by commas. */
  orphans?: string;
  /** When the sweep last had a turn at this customer, however that ended; ISO 8601. Who waits longest is next. */
  sweepTriedAt?: string;
  /** Sweeps in a row that this customer, paused or removed, refused. */
  sweepRefusals?: number;
  /** When the sweep last went through this customer's jobs to the end; ISO 8601. */
  sweptAt?: string;
  /** Jobs in the ledger that Graph did not tell of in time, as that sweep counted them. */
  lostByGraph?: number;
}

export const DEFAULT_TASK_DEADLINE_MINUTES = 15;
export const DEFAULT_RETENTION_DAYS = 30;

const PARTITION = 'tenant';

/** The allow-list: only these tenants are served. */
export interface Tenants {
  get(tenantId: string): Promise<Tenant | undefined>;
  /** False when the tenant is listed already. */
  add(tenant: Tenant): Promise<boolean>;
  /**
   * Writes what `change` makes of the row as it is now, and gives it back; undefined when the tenant is not listed.
   * `change` may run more than once, because others write too. An unchanged tenant (the same object) is not written.
   */
  update(tenantId: string, change: (tenant: Tenant) => Tenant): Promise<Tenant | undefined>;
  /** A row that is none of ours is told to `onUnreadable` and passed over; without it the listing rejects. */
  list(onUnreadable?: (error: ReceiverError) => void): AsyncIterable<Tenant>;
}

/** @throws ReceiverError `rowUnreadable` from every read of a row that is none of ours */
export function createTenants(table: EntityTable): Tenants {
  return {
    async get(tenantId) {
      const row = await table.get(PARTITION, tenantId);
      return row && parseTenant(row);
    },
    async add(tenant) {
      return (await table.insert(toRow(tenant))) !== undefined;
    },
    async update(tenantId, change) {
      const key = { partitionKey: PARTITION, rowKey: tenantId };
      return (await updateRow(table, { parse: parseTenant, format: toRow }, key, change))?.value;
    },
    async *list(onUnreadable) {
      for await (const row of table.list(PARTITION)) {
        const tenant = onUnreadable ? parseOrReport(() => parseTenant(row), onUnreadable) : parseTenant(row);
        if (tenant) yield tenant;
      }
    },
  };
}

function toRow({ tenantId, ...cells }: Tenant) {
  return { partitionKey: PARTITION, rowKey: tenantId, ...cells };
}

const TEXTS = ['lastError', 'nextTryAt', 'listedAt', 'orphans', 'sweepTriedAt', 'sweptAt'] as const;

function parseTenant({ cells }: StoredRow): Tenant {
  const { rowKey, name, status, taskDeadlineMinutes, retentionDays, createdAt } = cells;
  const { failures, lostByGraph, sweepRefusals } = cells;
  if (typeof rowKey !== 'string' || (status !== 'active' && status !== 'paused' && status !== 'removed')) {
    throw new ReceiverError(
      'rowUnreadable',
      'A row of the table Tenants has no status active, paused or removed: correct or delete it',
    );
  }
  const tenant: Tenant = {
    tenantId: rowKey,
    name: typeof name === 'string' ? name : '',
    status,
    taskDeadlineMinutes:
      typeof taskDeadlineMinutes === 'number' ? taskDeadlineMinutes : DEFAULT_TASK_DEADLINE_MINUTES,
    retentionDays: typeof retentionDays === 'number' ? retentionDays : DEFAULT_RETENTION_DAYS,
    createdAt: typeof createdAt === 'string' ? createdAt : '',
    ...(typeof failures === 'number' ? { failures } : {}),
    ...(typeof lostByGraph === 'number' ? { lostByGraph } : {}),
    ...(typeof sweepRefusals === 'number' ? { sweepRefusals } : {}),
  };
  for (const cell of TEXTS) {
    const value = cells[cell];
    if (typeof value === 'string') tenant[cell] = value;
  }
  return tenant;
}
