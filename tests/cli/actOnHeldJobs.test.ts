import { createCliWorld } from '../support/createCliWorld';
import { holdJob, OTHER_TENANT, TENANT, USER } from '../support/createHeldJobs';

const PRINTER = '66666666-6666-6666-6666-666666666666';
const open = async () => {
  const world = createCliWorld();
  await world.addTenant(TENANT);
  await world.addTenant(OTHER_TENANT);
  const hold = (taskId: string, fields: Parameters<typeof holdJob>[2] = {}) => holdJob(world.ledger, taskId, fields);
  const wishOf = async (key: string) =>
    JSON.parse((await world.ledger.get({ tenantId: TENANT, rowKey: key }))?.value.wish ?? 'null') as unknown;
  return { ...world, hold, wishOf };
};

describe('jobs list --state held', () => {
  it('lists the held jobs of all customers, of one, or of one user', async () => {
    const world = await open();
    const ada = await world.hold('t1');
    const grace = await world.hold('t2', { user: 'grace@contoso.com' });
    const foreign = await world.hold('t3', { tenantId: OTHER_TENANT });
    const listed = async (...argv: string[]) => {
      const { code, json } = await world.runJson('jobs', 'list', '--state', 'held', ...argv);
      expect(code).toBe(0);
      return (json as { key: string }[]).map(({ key }) => key);
    };
    expect((await listed()).sort()).toEqual([ada, grace, foreign].sort());
    expect(await listed('--tenant', TENANT)).toEqual([ada, grace]);
    expect(await listed('--user', 'Grace@contoso.com')).toEqual([grace]);
    expect(await listed('--tenant', OTHER_TENANT, '--user', 'grace@contoso.com')).toEqual([]);
    const { stdout, stderr } = await world.run('jobs', 'list', '--state', 'held', '--limit', '1');
    expect(stdout).toMatch(new RegExp(`^${TENANT} +2026-11-22T04:00:00.000Z +${USER} +Payroll +${ada}$`, 'm'));
    expect(stderr).toBe('There may be more held jobs: add --limit <count>\n');
  });

  it('continues over pages of many jobs, and shows wishes', async () => {
    const world = await open();
    for (let number = 100; number < 250; number += 1) await world.hold(`t${number}`);
    const key = await world.hold('t050');
    await world.run('jobs', 'release', key, '--tenant', TENANT);
    const { json } = await world.runJson('jobs', 'list', '--state', 'held', '--limit', '500');
    expect(json).toHaveLength(151);
    expect((await world.run('jobs', 'list', '--state', 'held')).stdout).toContain('release by cli:ada');
  });

  it('says that no job is held, and warns of rows that cannot be read', async () => {
    const world = await open();
    await world.hold('t1');
    await world.ledgerTable.remove(TENANT, 'x', '');
    expect((await world.run('jobs', 'list', '--state', 'held', '--tenant', OTHER_TENANT)).stdout).toBe(
      'No job is held.\n',
    );
    const key = await world.hold('t2');
    const row = await world.ledgerTable.get(TENANT, key);
    await world.ledgerTable.replace({ partitionKey: TENANT, rowKey: key, status: 'perhaps' }, row?.etag ?? '');
    expect((await world.run('jobs', 'list', '--state', 'held')).stderr).toContain(`warning: The row ${key}`);
  });

  it.each([
    [['--state', 'held', '--status', 'held'], 'either --state or --status'],
    [['--state', 'perhaps'], 'must be one of'],
  ])('refuses %j', async (argv, words) => {
    const { code, stderr } = await (await open()).run('jobs', 'list', ...argv);
    expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringContaining(words) as string });
  });
});

describe('jobs release, redirect and abort', () => {
  it('store a wish with the person at this machine, and queue the job', async () => {
    const world = await open();
    const [first, second, third] = [await world.hold('t1'), await world.hold('t2'), await world.hold('t3')];
    const configure = '{"colorMode":"grayscale"}';
    const released = await world.run('jobs', 'release', first, '--tenant', TENANT, '--configure', configure);
    expect(released).toMatchObject({ code: 0, stdout: expect.stringContaining(`will release ${first}`) as string });
    expect(await world.wishOf(first)).toMatchObject({
      action: 'release',
      configure: { colorMode: 'grayscale' },
      by: 'cli:ada',
      at: '2026-11-22T00:00:00.000Z',
    });
    const redirect = ['jobs', 'redirect', second, '--tenant', TENANT, '--printer', PRINTER.toUpperCase()];
    expect(await world.runJson(...redirect)).toMatchObject({
      code: 0,
      json: { key: second, wish: { action: 'redirect', printer: PRINTER, by: 'cli:ada' } },
    });
    await world.run('jobs', 'abort', third, '--tenant', TENANT, '--reason', 'Left the building');
    expect(await world.wishOf(third)).toMatchObject({ action: 'abort', reason: 'Left the building' });
    expect(await world.queue('print-notifications').count()).toBe(3);
  });

  it('fail for a job that is unknown, of another tenant, not held, or that has another wish', async () => {
    const world = await open();
    const key = await world.hold('t1');
    const ended = await world.hold('t2', { status: 'done', outcome: 'released' });
    const act = async (...argv: string[]) => {
      const { code, stderr } = await world.run('jobs', ...argv);
      expect(code).toBe(1);
      return stderr;
    };
    expect(await act('release', `${key}x`, '--tenant', TENANT)).toContain(`no job ${key}x`);
    expect(await act('release', key, '--tenant', OTHER_TENANT)).toContain(`tenant ${OTHER_TENANT} has no job`);
    expect(await act('abort', ended, '--tenant', TENANT)).toContain('is not held (released)');
    await world.run('jobs', 'abort', key, '--tenant', TENANT);
    expect(await act('release', key, '--tenant', TENANT)).toContain(
      `cli:ada asked at 2026-11-22T00:00:00.000Z to abort the job ${key}, which is not done yet`,
    );
  });

  it.each([
    ['release', ['x']],
    ['release', ['--configure', '{']],
    ['release', ['--configure', '{"copies":0}']],
    ['release', ['--printer', PRINTER]],
    ['redirect', []],
    ['redirect', ['--printer', 'a/b']],
    ['abort', ['--reason', 'x'.repeat(257)]],
  ])('%s %j is wrong usage', async (verb, argv) => {
    const world = await open();
    const key = await world.hold('t1');
    const words = argv[0] === 'x' ? argv : [key, ...argv];
    expect((await world.run('jobs', verb, ...words, '--tenant', TENANT)).code).toBe(2);
    expect(await world.wishOf(key)).toBeNull();
  });
});
