import { createCliWorld } from '../support/createCliWorld';
import { OTHER_TENANT, TENANT } from '../support/createSubscriptionWorld';

const JOBS = 'print-notifications';
const job = (tenantId = TENANT, jobId = '1') =>
  JSON.stringify({
    event: { v: 1, kind: 'jobFetchable', tenantId, printerId: 'p1', jobId, foundBy: 'graph', receivedAt: '' },
  });

async function createPoisoned() {
  const world = createCliWorld();
  const poison = world.queue(`${JOBS}-poison`);
  await poison.send(job());
  await poison.send(job(TENANT, '2'));
  await poison.send(job(OTHER_TENANT));
  await poison.send('{broken');
  await world.ledgerTable.insert({
    partitionKey: OTHER_TENANT,
    rowKey: 'jobFetchable_p1_1',
    status: 'failed',
    firstSeenAt: '2026-11-22T00:00:00.000Z',
    jobId: '1',
    cause: 'graphForbidden',
    lastRefusal: 'Graph returned 403 (PrintJob.Read.All)',
  });
  return { world, poison };
}

describe('poison', () => {
  it('list groups by queue and cause, and changes nothing', async () => {
    const { world, poison } = await createPoisoned();
    expect(await world.runJson('poison', 'list')).toMatchObject({
      code: 0,
      stderr: '',
      json: [
        { queue: JOBS, cause: 'never claimed', count: 2, replayable: 2, tenants: [TENANT] },
        { cause: 'graphForbidden', count: 1, jobs: ['jobFetchable_p1_1'] },
        { cause: 'malformed: no event object', count: 1, replayable: 0, tenants: [] },
      ],
    });
    const { stdout } = await world.run('poison', 'list', '--queue', JOBS, '--tenant', TENANT);
    expect(stdout.split('\n')[1]?.split(/ {2,}/).slice(0, 3)).toEqual([JOBS, 'never claimed', '2']);
    expect(stdout).not.toContain('graphForbidden');
    expect(poison.texts()).toHaveLength(4);
  });

  it('list reports that no message failed', async () => {
    expect((await createCliWorld().run('poison', 'list')).stdout).toBe('No failed messages.\n');
  });

  it('show prints one message as it was sent', async () => {
    const { world } = await createPoisoned();
    await world.addTenant(OTHER_TENANT);
    const { json } = await world.runJson('poison', 'list', '--tenant', OTHER_TENANT);
    const id = (json as { ids: string[] }[])[0]?.ids[0] ?? '';
    expect(await world.runJson('poison', 'show', id)).toMatchObject({
      json: {
        id,
        tenantId: OTHER_TENANT,
        tenantName: 'A customer',
        jobId: '1',
        cause: 'graphForbidden',
        refusal: 'Graph returned 403 (PrintJob.Read.All)',
        replayable: true,
        text: job(OTHER_TENANT),
      },
    });
    expect((await world.run('poison', 'show', id)).stdout).toContain(job(OTHER_TENANT));
    const missing = await world.run('poison', 'show', 'none');
    expect(missing).toMatchObject({ code: 1, stdout: '' });
    expect(missing.stderr).toContain('poison list');
  });

  it('replay selects by cause, tenant, id, or all, and names messages that cannot be replayed', async () => {
    const { world, poison } = await createPoisoned();
    expect((await world.run('poison', 'replay', '--cause', 'graphForbidden')).stdout).toBe('Replayed 1 message.\n');
    expect(world.queue(JOBS).texts()).toHaveLength(1);
    const page = await poison.take(1);
    for (const message of page) await poison.show(message);
    const [taken] = page;
    if (!taken) throw new Error('no message');
    expect(await world.runJson('poison', 'replay', taken.id, '--tenant', TENANT, '--queue', JOBS)).toMatchObject({
      code: 0,
      json: { replayed: 1, left: [] },
    });
    const gone = await world.run('poison', 'replay', taken.id);
    expect(gone.code).toBe(1);
    expect(gone.stderr).toContain('poison list');
    const rest = await world.run('poison', 'replay', '--all');
    expect(rest).toMatchObject({ code: 0, stdout: 'Replayed 1 message.\n' });
    expect(rest.stderr).toContain('malformed: no event object');
    expect(poison.texts()).toEqual(['{broken']);
  });

  it('replay reports progress', async () => {
    const world = createCliWorld();
    for (let n = 0; n < 101; n += 1) await world.queue(`${JOBS}-poison`).send(job(TENANT, String(n)));
    expect(await world.run('poison', 'replay', '--all')).toEqual({
      code: 0,
      stdout: 'Replayed 101 messages.\n',
      stderr: '100 messages replayed\n',
    });
  });
});
