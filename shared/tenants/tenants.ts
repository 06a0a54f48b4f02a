import type { ReceiverError } from '../errors';
import { readCells } from '../storage/cells';
import { parseOrReport, updateRow, type EntityTable, type StoredRow } from '../storage/entityTable';

const STATUSES = ['active', 'paused', 'removed'] as const;

export type TenantStatus = (typeof STATUSES)[number];

const FAILURE_ENDS = ['release', 'abort'] as const;

/** How a started job ends when its rules cannot be applied. */
export type FailureEnd = (typeof FAILURE_ENDS)[number];

const COMPLETION_EVENTS = ['on', 'off'] as const;

/** A customer who has consented: one row of the table Tenants. Times are ISO 8601. */
export interface Tenant {
  tenantId: string;
  name: string;
  status: TenantStatus;
  /** How long a task of this customer may stay open, in minutes. */
  taskDeadlineMinutes: number;
  /** How long the ledger keeps this customer's jobs, in days. */
  retentionDays: number;
  /** How long archived documents are kept, in days. */
  documentDays: number;
  /** How long the ledger keeps users and jobs as they were read, in days. 0: until the work on the job has ended. */
  personalDataDays: number;
  /** Whether an event is also sent at the end of each job that had a JobFetchable event. */
  completionEvents: (typeof COMPLETION_EVENTS)[number];
  /** How long a watched printer without a job for a day may wait for its next sweep, in minutes. */
  quietPrinterMinutes: number;
  /** All days before this one have lost their personal data; yyyy-mm-dd. */
  blankedTo?: string;
  /** The `onFailure` of this customer's rules, copied when they are stored, so that it is known while they cannot be read. */
  onFailure: FailureEnd;
  createdAt: string;
  /** `refused`: Graph or Entra refused every call of the last run, for example because the consent was withdrawn. */
  graphAccess: 'ok' | 'refused';
  /** Runs in a row in which every call was refused. */
  failures: number;
  /** While access is refused: why, with the remedy. */
  lastError?: string;
  /** While access is refused: the time of the next attempt. */
  nextTryAt?: string;
  /** When its subscriptions were last listed to find orphans. */
  listedAt?: string;
  /** Ids of the subscriptions in that listing that no watch has, separated by commas. */
  orphans?: string;
  /** When the last sweep of this customer ended, whatever its outcome. The customer that has waited longest is next. */
  sweepTriedAt?: string;
  /** Sweeps in a row that this customer, paused or removed, refused. */
  sweepRefusals: number;
  /**
   * Sweeps have covered everything that was due up to then. Each definition and each busy printer was swept in the ten minutes
   * before, and each quiet printer in the `quietPrinterMinutes` before.
   */
  sweptAt?: string;
  /** The last sign that notifications of this customer may be lost. Quiet printers are then swept as often as busy ones. */
  troubleAt?: string;
  /**
   * Printers whose new jobs had no task of this app, each with the time when a sweep last saw that: `{printerId}@{time}`,
   * separated by commas.
   */
  lostTriggers?: string;
  /** Jobs in the ledger that Graph did not notify in time, as that sweep counted them. */
  lostByGraph: number;
}

/** A tenant to add. `newTenant` completes it. */
export type NewTenant = Pick<Tenant, 'tenantId' | 'name' | 'createdAt'> & Partial<Tenant>;

const DEFAULT_TASK_DEADLINE_MINUTES = 15;
const DEFAULT_RETENTION_DAYS = 30;
const DEFAULT_QUIET_PRINTER_MINUTES = 60;

/**
 * The bounds of what a customer's row says. Graph lists jobs of up to 12 days (universal-print-limits), and a job whose row was
 * removed while Graph still lists it would look new: 14 days at least. A task that waits for a day blocks a print no longer.
 * A sweep takes ten minutes to visit all printers, and an hour is the most that a lost job of a printer may wait.
 */
export const TENANT_BOUNDS = {
  retentionDays: { least: 14, most: 365 },
  documentDays: { least: 1, most: 365 },
  personalDataDays: { least: 0, most: 365 },
  taskDeadlineMinutes: { least: 1, most: 24 * 60 },
  quietPrinterMinutes: { least: 10, most: 60 },
} as const;

/** A tenant with the defaults for what is not given: active, reachable, nothing counted yet. */
export function newTenant(tenant: NewTenant): Tenant {
  return {
    status: 'active',
    taskDeadlineMinutes: DEFAULT_TASK_DEADLINE_MINUTES,
    retentionDays: DEFAULT_RETENTION_DAYS,
    documentDays: DEFAULT_RETENTION_DAYS,
    personalDataDays: DEFAULT_RETENTION_DAYS,
    completionEvents: 'off',
    quietPrinterMinutes: DEFAULT_QUIET_PRINTER_MINUTES,
    onFailure: 'release',
    graphAccess: 'ok',
    failures: 0,
    sweepRefusals: 0,
    lostByGraph: 0,
    ...tenant,
  };
}

const PARTITION = 'tenant';

/** The table Tenants, the allow-list: the app works for these customers only. All its reads and writes go through here. */
export interface Tenants {
  get(tenantId: string): Promise<Tenant | undefined>;
  /** False when the tenant is listed already. */
  add(tenant: NewTenant): Promise<boolean>;
  /**
   * As `updateRow`: writes what `change` makes of the current row and repeats it over lost races.
   *
   * @returns the tenant as it is now, or undefined when it is not listed
   * @throws ReceiverError `rowContended`
   */
  update(tenantId: string, change: (tenant: Tenant) => Tenant): Promise<Tenant | undefined>;
  /** Rows that cannot be read are reported to `onUnreadable` and skipped. Without it the listing rejects. */
  list(onUnreadable?: (error: ReceiverError) => void): AsyncIterable<Tenant>;
}

/** @throws ReceiverError `rowUnreadable` from every read of a row without a status or with a cell of another form */
export function createTenants(table: EntityTable): Tenants {
  return {
    async get(tenantId) {
      const row = await table.get(PARTITION, tenantId);
      return row && parseTenant(row);
    },
    async add(tenant) {
      return (await table.insert(toRow(newTenant(tenant)))) !== undefined;
    },
    async update(tenantId, change) {
      const key = { partitionKey: PARTITION, rowKey: tenantId };
      return (await updateRow(table, { parse: parseTenant, format: toRow }, key, change))?.value;
    },
    async *list(onUnreadable) {
      for await (const row of table.list(PARTITION)) {
        const tenant = parseOrReport(() => parseTenant(row), onUnreadable);
        if (tenant) yield tenant;
      }
    },
  };
}

function toRow({ tenantId, ...cells }: Tenant) {
  return { partitionKey: PARTITION, rowKey: tenantId, ...cells };
}

const COUNTS = [
  ...['taskDeadlineMinutes', 'retentionDays', 'documentDays', 'personalDataDays', 'quietPrinterMinutes'],
  ...['failures', 'sweepRefusals', 'lostByGraph'],
] as const;
const TIMES = ['nextTryAt', 'listedAt', 'sweepTriedAt', 'sweptAt', 'troubleAt'] as const;
const TEXTS = ['lastError', 'orphans', 'blankedTo', 'lostTriggers'] as const;

function parseTenant(row: StoredRow): Tenant {
  const cells = readCells('Tenants', row);
  const tenant = newTenant({
    tenantId: cells.need(cells.text('rowKey'), 'RowKey', 'it must be the id of the tenant'),
    name: cells.text('name') ?? '',
    status: cells.need(cells.word('status', STATUSES), 'status', `it must be one of ${STATUSES.join(', ')}`),
    createdAt: cells.time('createdAt') ?? '',
    completionEvents: cells.word('completionEvents', COMPLETION_EVENTS) ?? 'off',
    onFailure: cells.word('onFailure', FAILURE_ENDS) ?? 'release',
    graphAccess: cells.word('graphAccess', ['ok', 'refused']) ?? 'ok',
    ...cells.texts(TEXTS),
    ...cells.times(TIMES),
  });
  for (const name of COUNTS) tenant[name] = cells.count(name) ?? tenant[name];
  return tenant;
}
