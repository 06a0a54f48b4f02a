import { endHeldJobs } from '../../../shared/operations/endHeldJobs';
import { readDocument } from '../../../shared/rules/readDocument';
import { graphError } from '../../support/createFakeGraph';
import {
  createJobWorker,
  JOB_PATH,
  messageOf,
  PARENT_URL,
  PRINTER,
  JOB,
  STARTED,
  TASK,
  TENANT,
} from '../../support/createJobWorker';
import { thrower } from '../../support/createPrintWorld';

/** The worker with one held job. The app works on its queue while the caller waits, unless it is stopped. */
async function createWorld(end: 'release' | 'abort', app: 'running' | 'stopped' = 'running') {
  const worker = await createJobWorker();
  worker.world.putTask(TASK, { parentUrl: PARENT_URL });
  worker.world.putJob(PRINTER, JOB, {}, [TASK]);
  const then = { hold: { for: '4h', else: end } };
  const read = readDocument(JSON.stringify({ version: 1, rules: [{ name: 'pull', on: 'jobStarted', then }] }));
  if (!('document' in read)) throw new Error(JSON.stringify(read.faults));
  worker.useRules({ kind: 'rules', document: read.document, etag: '"7"', blob: 'rules/default.json' });
  await worker.process(messageOf(STARTED));
  let done = worker.queues.jobs.sent.length;
  const sleep = async (ms: number) => {
    await worker.clock.sleep(ms);
    if (app === 'stopped') return;
    for (const { text } of worker.queues.jobs.sent.slice(done)) {
      done += 1;
      await worker.process(JSON.parse(text));
    }
  };
  const left: number[] = [];
  const run = () =>
    endHeldJobs(
      {
        ledger: worker.ledger,
        jobs: worker.queues.jobs,
        randomBytes: (size) => Buffer.alloc(size),
        clock: { ...worker.clock, sleep },
      },
      { tenantId: TENANT, by: 'cli: tenants remove' },
      thrower(new Error('unreadable')),
      (jobs) => left.push(jobs),
    );
  return { ...worker, run, left };
}

describe('held jobs of a customer that leaves', () => {
  it.each([
    ['release', false, 'released'],
    ['abort', true, 'aborted'],
  ] as const)('end as their holds would: %s, with an event', async (end, aborts, outcome) => {
    const world = await createWorld(end);
    expect(await world.run()).toEqual({ held: 1, left: 0 });
    expect(world.world.said().includes(`POST ${JOB_PATH}/abort`)).toBe(aborts);
    expect(world.world.tasks.get(TASK)).toMatchObject({ state: 'completed' });
    expect(world.events().at(-1)).toMatchObject({
      type: 'print.job.ended',
      data: { outcome, by: 'cli: tenants remove' },
    });
    expect(await world.run()).toEqual({ held: 0, left: 0 });
  });

  it('are waited for two minutes, and counted when they stay held', async () => {
    const world = await createWorld('release', 'stopped');
    const before = world.clock.now();
    expect(await world.run()).toEqual({ held: 1, left: 1 });
    expect(world.clock.now() - before).toBe(120_000);
    expect(world.left).toEqual([]);
  });

  it('stay held when Graph refuses their end', async () => {
    const world = await createWorld('abort');
    world.world.always('POST', /abort/, thrower(graphError('forbidden')));
    expect(await world.run()).toEqual({ held: 1, left: 1 });
    expect(await world.row()).toMatchObject({ status: 'held' });
  });
});
