import { createContinuationSigner } from '../../shared/heldJobs/continuation';
import type { Caller } from '../../shared/heldJobs/actOnHeldJobs';
import { createLedger, type Ledger } from '../../shared/jobs/ledger';
import { userTag } from '../../shared/jobs/ledgerIndex';
import type { LedgerRow } from '../../shared/jobs/ledgerRow';
import { ledgerRowKey, type JobStartedReference } from '../../shared/jobs/message';
import { createCapturedLogger } from './createCapturedLogger';
import { createFakeClock } from './createFakeClock';
import { createMemoryTable } from './memoryTable';
import { createMemoryQueue } from './memoryQueue';
import { testKey } from './testKey';

export const TENANT = '11111111-1111-1111-1111-111111111111';
export const OTHER_TENANT = '99999999-9999-9999-9999-999999999999';
export const VIRTUAL = '33333333-3333-3333-3333-333333333333';
export const READER_PRINTER = '66666666-6666-6666-6666-666666666666';
export const USER = 'ada@contoso.com';
const DEFINITION = '44444444-4444-4444-4444-444444444444';

export const OPERATOR: Caller = { kind: 'operator', by: 'operator' };
export const DEVICE: Caller = {
  kind: 'device',
  by: 'device:0123456789abcdef Reader 1',
  tenantId: TENANT,
  printers: [READER_PRINTER],
};

type HeldFields = Partial<LedgerRow> & { tenantId?: string; user?: string };

/** Holds the job of this task, and resolves with its key. */
export async function holdJob(
  ledger: Pick<Ledger, 'insert'>,
  taskId: string,
  { tenantId = TENANT, user = USER, ...fields }: HeldFields = {},
): Promise<string> {
  const reference: JobStartedReference = { kind: 'jobStarted', tenantId, definitionId: DEFINITION, taskId };
  const job = {
    id: taskId,
    displayName: 'Payroll',
    createdDateTime: '2026-11-22T00:00:05Z',
    createdBy: { id: 'aaaaaaaa-0000-0000-0000-000000000001', userPrincipalName: user },
    configuration: { copies: 2, colorMode: 'color', duplexMode: 'oneSided' },
  };
  await ledger.insert(reference, {
    ...{ status: 'held', phase: 'end', outcome: 'held', attempts: 1, foundBy: 'graph' },
    firstSeenAt: '2026-11-22T00:00:10.000Z',
    heldUntil: '2026-11-22T04:00:00.000Z',
    printerId: VIRTUAL,
    jobId: taskId,
    definitionId: DEFINITION,
    taskId,
    userTags: userTag(tenantId, user),
    job: JSON.stringify(job),
    ...fields,
  });
  return ledgerRowKey(reference);
}

/** The held jobs of memory stores, as the routes see them. */
export function createHeldJobs() {
  const clock = createFakeClock();
  const logger = createCapturedLogger();
  const table = createMemoryTable(clock);
  const ledger = createLedger(table);
  const jobs = createMemoryQueue();
  const continuations = createContinuationSigner([{ keyId: 'k1', key: testKey(1) }]);
  const deps = { ledger, jobs, continuations, clock, logger, randomBytes: (size: number) => Buffer.alloc(size) };

  const hold = (taskId: string, fields: HeldFields = {}) => holdJob(ledger, taskId, fields);

  const read = ledger.get.bind(ledger);
  /** Ends a held job as the worker does. */
  const end = async (key: string, tenantId = TENANT) => {
    const known = await read({ tenantId, rowKey: key });
    const taskId = key.split('_')[2] ?? '';
    const reference: JobStartedReference = { kind: 'jobStarted', tenantId, definitionId: DEFINITION, taskId };
    if (known) await ledger.replace(reference, { ...known.value, status: 'done', outcome: 'released' }, known);
  };
  return { clock, logger, table, ledger, jobs, deps, hold, end };
}
