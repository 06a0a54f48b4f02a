import { createSweepTime } from '../../../shared/sweep/sweepRun';
import { sweepTenant } from '../../../shared/sweep/sweepTenant';
import type { JobReference } from '../../../shared/jobs/message';
import type { LedgerRow } from '../../../shared/jobs/ledgerRow';
import { MINUTE, PRINTER, TENANT } from '../../support/createSubscriptionWorld';
import { createSweepWorld, type SweepWorld } from '../../support/createSweepWorld';

const job = (jobId: string): JobReference => ({ kind: 'jobFetchable', tenantId: TENANT, printerId: PRINTER, jobId });
const endOf = (jobId: string): JobReference => ({ kind: 'jobEnded', tenantId: TENANT, printerId: PRINTER, jobId });
const keyOfEnd = (jobId: string) => `jobFetchable_${PRINTER}_${jobId}~end`;
const ended = (state: string) => ({ isFetchable: false, status: { state, isAcquiredByPrinter: true } });

let world: SweepWorld;
beforeEach(async () => {
  world = createSweepWorld();
  world.clock.advance(120 * MINUTE);
  world.putTenantInGraph();
  world.putPrinter();
  await world.addTenant(TENANT);
  await world.put({ kind: 'jobFetchable', id: PRINTER });
});

async function sweep(completionEvents: 'on' | 'off' = 'on') {
  const tenant = await world.tenants.update(TENANT, (row) => ({ ...row, completionEvents }));
  if (!tenant) throw new Error('no tenant');
  const time = createSweepTime(world.clock, { runMs: Infinity, rounds: () => 1 });
  const fail = (error: Error) => {
    throw error;
  };
  return sweepTenant(world.deps, tenant, { time, everyTrigger: true, retryNow: false, onUnreadable: fail });
}

it.each(['completed', 'canceled', 'aborted'])(
  'enqueues the end of a job in state %s after its event',
  async (state) => {
    await world.putRow(job('1'));
    world.putJob('1', 30, ended(state));
    expect(await sweep()).toMatchObject({ outcome: 'swept', enqueued: 1 });
    expect(world.found()).toEqual([keyOfEnd('1')]);
  },
);

it('enqueues it once for each job, however often the listing shows it', async () => {
  await world.putRow(job('1'));
  world.putJob('1', 30, ended('completed'));
  await sweep();
  await world.putRow(endOf('1'), { foundBy: 'sweep' });
  for (let run = 0; run < 3; run += 1) {
    world.clock.advance(4 * 60 * MINUTE);
    await sweep();
  }
  expect(world.found()).toEqual([keyOfEnd('1')]);
});

it('costs no read once both rows are remembered as done', async () => {
  await world.putRow(job('1'));
  await world.putRow(endOf('1'));
  world.putJob('1', 30, ended('completed'));
  await sweep();
  const reads = jest.spyOn(world.ledgerTable, 'get');
  await sweep();
  expect(reads).not.toHaveBeenCalled();
});

it('enqueues a job that was missed first, and its end when its event was sent', async () => {
  world.putJob('1', 30, ended('completed'));
  await sweep();
  expect(world.found()).toEqual([`jobFetchable_${PRINTER}_1`]);
  await world.putRow(job('1'), { foundBy: 'sweep' });
  await sweep();
  expect(world.found()).toEqual([`jobFetchable_${PRINTER}_1`, keyOfEnd('1')]);
});

const WITHOUT_EVENT: [string, Partial<LedgerRow> | undefined, Record<string, unknown>][] = [
  ['has not ended', {}, { status: { state: 'processing', isAcquiredByPrinter: true } }],
  ['was stopped before it was ready, and has no event', undefined, { ...ended('canceled'), isFetchable: false }],
  ['ended without an event, because its customer was paused', { event: 'none' }, ended('completed')],
  ['has an event that is not sent yet', { status: 'waiting', event: 'pending' }, ended('canceled')],
  ['was redirected to another printer', {}, { ...ended('canceled'), redirectedTo: 'https://graph/print/…' }],
];
it.each(WITHOUT_EVENT)('enqueues nothing for a job that %s', async (_name, row, fields) => {
  if (row) await world.putRow(job('1'), row);
  world.putJob('1', 30, fields);
  await sweep();
  expect(world.found()).toEqual([]);
});

it('enqueues no end while completion events are off', async () => {
  await world.putRow(job('1'));
  world.putJob('1', 30, ended('completed'));
  await sweep('off');
  expect(world.found()).toEqual([]);
  await sweep('on');
  expect(world.found()).toEqual([keyOfEnd('1')]);
});

it('never counts an end as lost by Graph', async () => {
  await world.putRow(job('1'));
  await world.putRow(endOf('1'), { foundBy: 'sweep' });
  world.putJob('1', 60, ended('completed'));
  expect(await sweep()).toMatchObject({ lostByGraph: 0 });
});
