import { createDeviceTokens, type DeviceToken } from '../../../shared/deviceTokens/deviceTokens';
import { createLedger } from '../../../shared/jobs/ledger';
import { userTag } from '../../../shared/jobs/ledgerIndex';
import { OUTCOMES, type LedgerRow, type LedgerStatus } from '../../../shared/jobs/ledgerRow';
import { ledgerRowKey, type JobReference } from '../../../shared/jobs/message';
import { TABLE_NAMES } from '../../../shared/storage/account';
import type { EntityTable, Row } from '../../../shared/storage/entityTable';
import { createTenants, type Tenant, type TenantStatus } from '../../../shared/tenants/tenants';
import { HOLD_MS } from '../../../shared/watches/hold';
import { createWatches, type RemovedWatch, type Watch } from '../../../shared/watches/watches';
import { createMemoryTable } from '../memoryTable';
import { at, DEFINITION, OTHER_PRINTER, PRINTER, sampleClock, SHARE, SUBSCRIPTION } from './ids';
import { taskId, TENANT, TRACEPARENT, USER } from './ids';
import { parseRow, type TableSample } from './readRows';

/** With every cell that a row may have: a new one that is missing here does not compile. */
const everyTenantCell: Required<Tenant> = {
  tenantId: TENANT,
  name: 'Contoso',
  status: 'active',
  taskDeadlineMinutes: 20,
  retentionDays: 60,
  documentDays: 10,
  personalDataDays: 5,
  quietPrinterMinutes: 30,
  completionEvents: 'on',
  blankedTo: '2026-11-20',
  onFailure: 'abort',
  createdAt: at(-1_000),
  graphAccess: 'refused',
  failures: 3,
  lastError: 'graphForbidden: Graph answered 403',
  nextTryAt: at(30),
  listedAt: at(-40),
  orphans: SUBSCRIPTION,
  sweepTriedAt: at(-20),
  sweepRefusals: 1,
  sweptAt: at(-30),
  troubleAt: at(-90),
  lostTriggers: `${PRINTER}@${at(-50)}`,
  lostByGraph: 2,
};
const tenantOf = (number: number, status: TenantStatus): Tenant => ({
  ...everyTenantCell,
  tenantId: `10000000-0000-4000-8000-00000000000${number}`,
  status,
});
const tenants: Record<TenantStatus, Tenant> = {
  active: everyTenantCell,
  paused: tenantOf(2, 'paused'),
  removed: tenantOf(3, 'removed'),
};

const everyWatchCell: Required<Extract<Watch, { status: 'updateFailed' }>> = {
  ...{ tenantId: TENANT, kind: 'jobStarted', id: DEFINITION, status: 'updateFailed' },
  ...{ since: at(-1_000), wanted: false, generation: 28_000_000, failures: 2, heldMs: HOLD_MS },
  ...{
    revokedAt: at(-9),
    lastRevokedAt: at(-9),
    retryAfterUntil: at(9),
    missedSweptAt: at(-8),
    sweepNotedUntil: at(8),
    sweepWanted: at(-7),
  },
  ...{ renewalNotedUntil: at(7), removalHintedAt: at(-4), renewedAt: at(-6), keyId: 'k1', keyCheck: 'abcdefgh' },
  notificationUrl: 'https://app.azurewebsites.net/api/notifications',
  resource: `/print/taskDefinitions/${DEFINITION}/tasks`,
  missingSince: at(-5),
  ...{ changeType: 'updated', name: 'Front desk', subscriptionId: SUBSCRIPTION, expirationDateTime: at(600) },
  ...{ lastError: 'graphUnavailable: Graph answered 503', nextTryAt: at(5) },
};
const watchOf = (number: number) =>
  ({
    kind: 'jobFetchable',
    ...{ tenantId: TENANT, id: `20000000-0000-4000-8000-00000000000${number}` },
    ...{ since: at(-1_000), wanted: true, generation: 28_000_000, failures: 0 },
  }) as const;
const watches: { [Status in Watch['status']]: Extract<Watch, { status: Status }> } = {
  pending: { ...watchOf(1), status: 'pending' },
  createFailed: { ...watchOf(2), status: 'createFailed', lastError: 'graphForbidden', nextTryAt: at(5) },
  active: { ...watchOf(3), status: 'active', subscriptionId: SUBSCRIPTION, expirationDateTime: at(600) },
  updateFailed: everyWatchCell,
  gone: { ...watchOf(5), status: 'gone', missingSince: at(-3_000) },
};
const removedWatch: Required<Omit<RemovedWatch, 'heldMs'>> = {
  ...{ tenantId: TENANT, kind: 'jobFetchable', id: watchOf(4).id, status: 'removed' },
  ...{ generation: 28_000_000, keyIds: 'k0,k1', removedAt: at(-2) },
};
const revocation = { tenantId: TENANT, tag: 'abcdefghijklmnopqrstuv', generation: 28_000_001 };

const tokens: Record<DeviceToken['status'], DeviceToken> = {
  active: {
    ...{ tenantId: TENANT, tokenId: '0123456789abcdef', name: 'Badge reader', printers: [PRINTER, OTHER_PRINTER] },
    ...{ createdAt: at(-1_000), expiresAt: at(100_000), keyId: 'k1', status: 'active' },
  },
  revoked: {
    ...{ tenantId: TENANT, tokenId: 'fedcba9876543210', name: 'Old reader', printers: [PRINTER] },
    ...{ createdAt: at(-1_000), expiresAt: at(100_000), keyId: 'k0', status: 'revoked' },
  },
};

const everyLedgerCell: Required<LedgerRow> = {
  ...{ status: 'held', phase: 'end', rule: 'Hold for a badge', rulesEtag: '"0x8DD"', runId: 'run-1' },
  ...{ leaseUntil: at(1), nextTryAt: at(2), waitReason: 'outage', waitingSince: at(-3), attempts: 4, failures: 1 },
  ...{
    retriesEndedAt: at(-4),
    reopened: 1,
    firstSeenAt: at(-10),
    receivedAt: at(-11),
    readAt: at(-9),
    actedAt: at(-8),
  },
  ...{ foundBy: 'sweep', notifiedAt: at(-7), jobCreatedAt: at(-12), printerId: PRINTER, shareId: SHARE, jobId: '5182' },
  ...{
    definitionId: DEFINITION,
    taskId: taskId(1),
    heldUntil: at(50),
    heldElse: 'abort',
    heldConfigure: '{"copies":1}',
  },
  ...{ userTags: userTag(TENANT, USER), wish: JSON.stringify({ action: 'release', by: 'cli', at: at(-1) }) },
  ...{ refused: '{"action":"redirect","code":"graphForbidden","message":"Graph answered 403"}' },
  ...{ redirectCheckedAt: at(-2), outcome: 'held', archive: 'stored', archiveSince: at(-6), archiveTries: 1 },
  ...{ archived: '[{"documentId":"d1"}]', job: '{"id":"5182"}', truncated: '["documents"]', traceparent: TRACEPARENT },
  ...{
    eventText: '{"specversion":"1.0"}',
    heldEventText: '{"specversion":"1.0"}',
    event: 'sent',
    sentAt: at(-5),
    endSentAt: at(-4),
  },
  ...{ redirectedTo: `{"printerId":"${OTHER_PRINTER}","jobId":"17"}`, blankedAt: at(-1), cause: 'archived' },
  ...{ lastRefusal: 'Graph answered 403', decision: 'redirect', decidedBy: 'wish', by: 'cli', reason: 'Not allowed' },
  ...{ targetPrinterId: OTHER_PRINTER, configure: '{"duplexMode":"oneSided"}' },
};
const row = (status: LedgerStatus, more: Partial<LedgerRow> = {}): LedgerRow => ({
  ...{ status, phase: 'start', attempts: 1, firstSeenAt: at(-10), foundBy: 'graph', ...more },
});
const ledgerRows: Record<LedgerStatus, LedgerRow> = {
  claimed: row('claimed', { runId: 'run-2', leaseUntil: at(1), decision: 'release', decidedBy: 'rules' }),
  waiting: row('waiting', { nextTryAt: at(1), waitReason: 'notYet', waitingSince: at(-1), cause: 'graphNotFound' }),
  held: everyLedgerCell,
  failed: row('failed', { failures: 2, cause: 'graphForbidden', lastRefusal: 'Graph answered 403' }),
  gone: row('gone', { cause: 'jobGone' }),
  done: row('done', { outcome: 'released', event: 'sent', sentAt: at(-9), decision: 'release', decidedBy: 'rules' }),
};
const place = { tenantId: TENANT, printerId: PRINTER };
const jobs: { reference: JobReference; value: LedgerRow }[] = [
  ...Object.values(ledgerRows).map((value, index) => ({
    reference: {
      ...place,
      kind: 'jobStarted',
      definitionId: DEFINITION,
      taskId: taskId(index + 1),
      jobId: '5182',
    } as const,
    value,
  })),
  // A row for each outcome. Those of the end of a job are rows of their own.
  ...OUTCOMES.map((outcome, index) => ({
    reference: { ...place, kind: index % 2 === 0 ? 'jobFetchable' : 'jobEnded', jobId: `${index + 1}` } as const,
    value: row('done', { outcome, event: 'sent', sentAt: at(-9) }),
  })),
];
const referenceOf = (status: LedgerStatus) => jobs.find(({ value }) => value === ledgerRows[status])?.reference;

/** What this build writes into each table. */
export async function writeRows(): Promise<Record<string, TableSample>> {
  const tables = new Map(Object.values(TABLE_NAMES).map((name) => [name, createMemoryTable(sampleClock())]));
  const open = (name: (typeof TABLE_NAMES)[keyof typeof TABLE_NAMES]) => tables.get(name) ?? createMemoryTable();
  for (const tenant of Object.values(tenants)) await createTenants(open('Tenants')).add(tenant);
  const watchTable = createWatches(open('Subscriptions'));
  for (const watch of Object.values(watches)) await watchTable.add(watch);
  await watchTable.add({ ...watchOf(4), status: 'pending' });
  const stored = await watchTable.get(removedWatch);
  if (stored) await watchTable.remove(stored, removedWatch);
  await watchTable.clientStates.noteKeys(['k0', 'k1']);
  await watchTable.clientStates.noteRevoked(revocation);
  for (const token of Object.values(tokens)) await createDeviceTokens(open('DeviceTokens')).add(token);
  for (const { reference, value } of jobs) await createLedger(open('PrintJobs')).insert(reference, value);
  const reads: Record<string, unknown> = {
    Tenants: Object.values(tenants),
    Subscriptions: {
      watches: [...Object.values(watches), removedWatch],
      keyIds: ['k0', 'k1'],
      revoked: [[`${TENANT} ${revocation.tag}`, revocation.generation]],
    },
    DeviceTokens: Object.values(tokens),
    PrintJobs: {
      rows: jobs.map(({ reference, value }) => ({ rowKey: ledgerRowKey(reference), ...value })),
      open: [referenceOf('claimed')],
      held: [{ heldUntil: everyLedgerCell.heldUntil, reference: referenceOf('held') }],
      heldByUser: [referenceOf('held')],
      byDay: jobs.map(({ reference }) => reference),
    },
  };
  const samples: Record<string, TableSample> = {};
  for (const [name, table] of tables) samples[name] = { rows: await rowsOf(table), reads: reads[name] };
  return samples;
}

async function rowsOf(table: EntityTable): Promise<Row[]> {
  const rows: Row[] = [];
  for await (const { cells } of table.list()) rows.push(parseRow({ ...cells, timestamp: undefined }));
  return rows;
}
