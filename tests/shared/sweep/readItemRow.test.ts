import type { JobReference } from '../../../shared/jobs/message';
import { readItemRow } from '../../../shared/sweep/ledgerRows';
import { DEFINITION, MINUTE, PRINTER, START, TENANT } from '../../support/createSubscriptionWorld';
import { createSweepWorld, type SweepWorld } from '../../support/createSweepWorld';

const JOB: JobReference = { kind: 'jobFetchable', tenantId: TENANT, printerId: PRINTER, jobId: '5182' };
const END: JobReference = { kind: 'jobEnded', tenantId: TENANT, printerId: PRINTER, jobId: '5182' };
const TASK: JobReference = { kind: 'jobStarted', tenantId: TENANT, definitionId: DEFINITION, taskId: 'task-1' };

let world: SweepWorld;
let reads: jest.SpyInstance;
beforeEach(() => {
  world = createSweepWorld();
  reads = jest.spyOn(world.ledgerTable, 'get');
});
const read = (reference: JobReference, isOpenTask = false) =>
  readItemRow(world.deps, reference, isOpenTask, (error) => unreadable.push(error.message));
const unreadable: string[] = [];

it('reads one row, without its long texts', async () => {
  await world.putRow(JOB, { status: 'waiting', job: '{}', eventText: '{}' });
  world.clock.advance(MINUTE);
  const { row, ...rest } = (await read(JOB)) as Extract<Awaited<ReturnType<typeof read>>, { state: 'read' }>;
  expect(rest).toEqual({ state: 'read', ageMs: MINUTE, isLost: false, isSent: false });
  expect(row).toMatchObject({ status: 'waiting', foundBy: 'graph' });
  expect(row).not.toHaveProperty('job');
  expect(row).not.toHaveProperty('eventText');
});

it('reads a row that is done once', async () => {
  await world.putRow(JOB);
  expect(await read(JOB)).toMatchObject({ state: 'read', row: { status: 'done' } });
  expect(await read(JOB)).toEqual({ state: 'done', isLost: false, isSent: true });
  expect(reads).toHaveBeenCalledTimes(1);
});

it.each(['absent', 'claimed', 'waiting', 'failed', 'gone'] as const)('reads a row that is %s again', async (status) => {
  if (status !== 'absent') await world.putRow(JOB, { status });
  await read(JOB);
  expect(await read(JOB)).toMatchObject({ state: 'read' });
  expect(reads).toHaveBeenCalledTimes(2);
});

it('always reads the row of an open task, also when it was remembered as done', async () => {
  await world.putRow(TASK);
  await read(TASK);
  expect(await read(TASK)).toEqual({ state: 'done', isLost: false, isSent: true });
  expect(await read(TASK, true)).toMatchObject({ state: 'read', row: { status: 'done' } });
  expect(await read(TASK, true)).toMatchObject({ state: 'read' });
});

it('remembers whether Graph lost the notification, and not before that is certain', async () => {
  await world.putRow(JOB, { foundBy: 'sweep', jobCreatedAt: START });
  expect(await read(JOB)).toMatchObject({ state: 'read', isLost: false });
  world.clock.advance(15 * MINUTE - 1);
  expect(await read(JOB)).toMatchObject({ state: 'read', isLost: false });
  world.clock.advance(1);
  expect(await read(JOB)).toMatchObject({ state: 'read', isLost: true });
  expect(await read(JOB)).toEqual({ state: 'done', isLost: true, isSent: true });
});

it('remembers of a row without an event that none was sent', async () => {
  await world.putRow(JOB, { event: 'none' });
  await read(JOB);
  expect(await read(JOB)).toEqual({ state: 'done', isLost: false, isSent: false });
});

it('never counts the end of a job as lost, because Graph sends no notification of it', async () => {
  await world.putRow(END, { foundBy: 'sweep', jobCreatedAt: START });
  world.clock.advance(60 * MINUTE);
  expect(await read(END)).toMatchObject({ state: 'read', isLost: false });
  expect(await read(END)).toEqual({ state: 'done', isLost: false, isSent: true });
});

it('reports a row that cannot be read', async () => {
  await world.ledgerTable.insert({ partitionKey: TENANT, rowKey: `jobFetchable_${PRINTER}_5182`, status: 'odd' });
  expect(await read(JOB)).toEqual({ state: 'unreadable', isLost: false, isSent: false });
  expect(unreadable).toEqual([expect.stringContaining('PrintJobs')]);
});

it('rejects while the tables are unavailable', async () => {
  reads.mockRejectedValue(new Error('out'));
  await expect(read(JOB)).rejects.toThrow('out');
});
