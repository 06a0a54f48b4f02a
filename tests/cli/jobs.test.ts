import { createCliWorld } from '../support/createCliWorld';
import { graphError } from '../support/createFakeGraph';
import { DEFINITION, fetchable, OTHER_TENANT, PRINTER, TENANT } from '../support/createSubscriptionWorld';
import { createSweepWorld, type SweepWorld } from '../support/createSweepWorld';

let world: SweepWorld;
let cli: ReturnType<typeof createCliWorld>;
beforeEach(async () => {
  world = createSweepWorld();
  const { logger: _logger, ...sweep } = world.deps;
  const unused = () => Promise.reject(new Error('not part of this test'));
  cli = createCliWorld({
    createServices: () => ({
      config: unused,
      tenants: () => Promise.resolve(world.tenants),
      watches: () => Promise.resolve(world.watches),
      graph: () => Promise.resolve({ callGraph: sweep.callGraph }),
      subscriptions: unused,
      userGraph: unused,
      queue: unused,
      signers: () => Promise.reject(new Error('not used')),
      queueContents: unused,
      ledger: () => Promise.resolve(world.ledger),
      deviceTokens: unused,
      configBlobs: unused,
      documents: unused,
      rules: unused,
      sweep: () => Promise.resolve(sweep),
    }),
  });
  await world.addTenant();
  await world.put();
  await world.put({ kind: 'jobStarted', id: DEFINITION });
  world.putDefinition();
  world.putPrinter();
});

const STARTED = { kind: 'jobStarted', tenantId: TENANT, definitionId: DEFINITION, taskId: 't1' } as const;
const FETCHABLE = { kind: 'jobFetchable', tenantId: TENANT, printerId: PRINTER, jobId: '5182' } as const;
const ADA = { id: 'ada-id', userPrincipalName: 'ada@contoso.com', displayName: 'Ada Lovelace' };
const STARTED_KEY = `jobStarted_${DEFINITION}_t1`;
const FETCHABLE_KEY = `jobFetchable_${PRINTER}_5182`;

describe('jobs sweep', () => {
  it('queues missed jobs, with progress on stderr and a table on stdout', async () => {
    world.putTask('t1', { job: '5182' });
    const { code, stdout, stderr } = await cli.run('jobs', 'sweep');
    expect(code).toBe(0);
    expect(stderr).toContain(`${TENANT} jobStarted_${DEFINITION}: 1 open or ready, 1 queued`);
    expect(stdout).toMatch(new RegExp(`^${TENANT} +swept +1 +1 +0$`, 'm'));
    expect(stdout).toContain('1 missed and now queued');
    expect(world.found()).toEqual([STARTED_KEY]);
  });

  it('--json prints each tenant and nothing else', async () => {
    const { code, json } = await cli.runJson('jobs', 'sweep', '--tenant', TENANT);
    expect(code).toBe(0);
    expect(json).toMatchObject({
      tenants: [{ tenantId: TENANT, outcome: 'swept', enqueued: 0 }],
      unreadable: [],
    });
  });

  it.each([
    ['--definition', DEFINITION, STARTED_KEY],
    ['--printer', PRINTER, FETCHABLE_KEY],
  ])('%s sweeps one watch by one listing', async (option, id, key) => {
    world.putTask('t1');
    world.putJob('5182', 0);
    const { code, stdout } = await cli.run('jobs', 'sweep', '--tenant', TENANT, option, id);
    expect(code).toBe(0);
    expect(stdout).toContain('1 missed and now queued');
    expect(world.found()).toEqual([key]);
    expect(world.calls).toHaveLength(1);
  });

  it('of a watch fails when Graph throttles, or when nothing is watched', async () => {
    world.refuse(/./, graphError('throttled'));
    const throttled = await cli.runJson('jobs', 'sweep', '--tenant', TENANT, '--printer', PRINTER);
    expect(throttled).toMatchObject({ code: 1, json: { outcome: 'postponed' } });
    expect(throttled.stderr).toContain('Graph said throttled');
    const unknown = await cli.run('jobs', 'sweep', '--tenant', TENANT, '--printer', DEFINITION);
    expect(unknown).toMatchObject({ code: 1, stderr: expect.stringContaining('not watched') as string });
  });

  it('of a watch reports what was queued before Graph failed', async () => {
    world.setPageSize(1);
    world.putJob('5182', 0);
    world.putJob('5183', 0);
    world.refuse(/skiptoken/, graphError('unavailable'));
    const { code, stderr } = await cli.run('jobs', 'sweep', '--tenant', TENANT, '--printer', PRINTER);
    expect(code).toBe(1);
    expect(stderr).toContain('1 missed job event of the pages before the failure queued');
    expect(world.found()).toEqual([FETCHABLE_KEY]);
  });

  it('exit code 1 with the reason when a listing failed or was postponed', async () => {
    world.refuse(/tasks$/, graphError('forbidden'), 1);
    const failed = await cli.run('jobs', 'sweep');
    expect(failed.code).toBe(1);
    expect(failed.stderr).toContain(`error: ${TENANT} jobStarted_${DEFINITION}: Graph said forbidden`);
    world.refuse(/./, graphError('throttled'));
    const postponed = await cli.run('jobs', 'sweep');
    expect(postponed.code).toBe(1);
    expect(postponed.stderr).toContain('The next sweep lists the rest');
  });

  it('exit code 1 and where to look when a customer refuses everything', async () => {
    world.refuse(/./, graphError('forbidden'));
    const { code, stdout, stderr } = await cli.run('jobs', 'sweep');
    expect(code).toBe(1);
    expect(stdout).toMatch(new RegExp(`^${TENANT} +refused `, 'm'));
    expect(stderr).toContain(`error: ${TENANT} refuses the app. To see what is missing: tenants show ${TENANT}`);
  });

  it.each(['paused', 'removed'] as const)('prints only a note when a %s customer refuses', async (status) => {
    await world.tenants.update(TENANT, (tenant) => ({ ...tenant, status }));
    world.refuse(/./, graphError('unauthorized'));
    const { code, stdout, stderr } = await cli.run('jobs', 'sweep');
    expect(code).toBe(0);
    expect(stdout).toMatch(new RegExp(`^${TENANT} +refused `, 'm'));
    expect(stderr).toContain(`note: ${TENANT} is ${status} and refuses the app`);
    const { json } = await cli.runJson('jobs', 'sweep');
    expect(json).toMatchObject({ tenants: [{ status, outcome: 'refused' }] });
  });

  it('exit code 1 for a paused customer whose listing was throttled', async () => {
    await world.tenants.update(TENANT, (tenant) => ({ ...tenant, status: 'paused' }));
    world.refuse(/./, graphError('throttled'));
    expect((await cli.run('jobs', 'sweep')).code).toBe(1);
  });

  it('names printers that lost their trigger, and unreadable rows', async () => {
    world.putTask('t1', { state: 'completed', job: '1' });
    world.putJob('2', 30);
    world.putTask('x');
    await world.ledgerTable.insert({ partitionKey: TENANT, rowKey: `jobStarted_${DEFINITION}_x` });
    const { code, stderr } = await cli.run('jobs', 'sweep');
    expect(code).toBe(0);
    expect(stderr).toContain(`printer ${PRINTER} have no task of this app`);
    expect(stderr).toContain(`warning: The row jobStarted_${DEFINITION}_x of the table PrintJobs`);
  });

  it('refuses a tenant that is not on the allow-list', async () => {
    const { code, stderr } = await cli.run('jobs', 'sweep', '--tenant', DEFINITION);
    expect(code).toBe(1);
    expect(stderr).toContain('tenants add');
  });

  it.each([[['--printer', PRINTER]], [['--tenant', TENANT, '--printer', PRINTER, '--definition', DEFINITION]]])(
    '%j is wrong usage',
    async (argv) => {
      expect((await cli.run('jobs', 'sweep', ...argv)).code).toBe(2);
      expect(world.calls).toHaveLength(0);
    },
  );

  it('reports that no customer is on the allow-list', async () => {
    world.tenantTable.clear();
    expect((await cli.run('jobs', 'sweep')).stdout).toContain('nothing to sweep');
  });
});

describe('jobs list', () => {
  beforeEach(async () => {
    await world.putRow(STARTED, {
      firstSeenAt: '2026-11-21T10:00:00.000Z',
      status: 'failed',
      cause: 'graphForbidden',
    });
    await world.putRow(FETCHABLE, { outcome: 'fetchable', jobId: '5182', job: '{}' });
  });

  it('shows the newest first, without their jobs', async () => {
    const { code, stdout } = await cli.run('jobs', 'list', '--tenant', TENANT);
    expect(code).toBe(0);
    const lines = stdout.split('\n');
    expect(lines[1]).toMatch(/done +fetchable +graph +5182 +jobFetchable_/);
    expect(lines[2]).toMatch(/failed .*graphForbidden$/);
  });

  it('--status and --limit filter it, --json prints it', async () => {
    const failed = await cli.runJson('jobs', 'list', '--tenant', TENANT, '--status', 'failed');
    expect(failed.json).toMatchObject([{ rowKey: STARTED_KEY, status: 'failed' }]);
    const { stdout, stderr } = await cli.run('jobs', 'list', '--tenant', TENANT, '--limit', '1');
    expect(stdout).toContain(FETCHABLE_KEY);
    expect(stderr).toBe('1 older job event not shown: add --limit <count>\n');
  });

  it('reports an empty ledger and unreadable rows', async () => {
    await world.ledgerTable.insert({ partitionKey: DEFINITION, rowKey: 'jobStarted_x' });
    const { stdout, stderr } = await cli.run('jobs', 'list', '--tenant', DEFINITION);
    expect(stdout).toBe('The ledger has no such job.\n');
    expect(stderr).toContain('warning: ');
  });

  it.each([
    ['--status', 'odd'],
    ['--limit', '0'],
    ['--limit', 'x'],
  ])('%s %s is wrong usage', async (...argv) => {
    expect((await cli.run('jobs', 'list', '--tenant', TENANT, ...argv)).code).toBe(2);
  });
});

describe('jobs list over the ledger, and jobs find', () => {
  const SECOND = { ...FETCHABLE, jobId: '6000' };
  beforeEach(async () => {
    await world.addTenant(OTHER_TENANT);
    await world.watches.update(fetchable(), (watch) => ({ ...watch, name: 'Reception' }));
    const job = JSON.stringify({ createdBy: ADA });
    // The clock of the test stands at 2026-11-22T00:00Z.
    await world.putRow(STARTED, { firstSeenAt: '2026-11-21T23:00:00.000Z', jobId: '5182', job });
    await world.putRow(FETCHABLE, { firstSeenAt: '2026-11-20T00:00:00.000Z', printerId: PRINTER, jobId: '5182', job });
    await world.putRow(SECOND, { firstSeenAt: '2026-11-21T12:00:00.000Z', printerId: PRINTER, jobId: '6000' });
    await world.putRow({ ...SECOND, tenantId: OTHER_TENANT }, { status: 'failed', jobId: '6000' });
  });
  const keysOf = async (...argv: string[]) => {
    const { code, json } = await cli.runJson('jobs', ...argv);
    expect(code).toBe(0);
    return (json as { tenantId: string; rowKey: string }[]).map(({ tenantId, rowKey }) =>
      tenantId === TENANT ? rowKey : `other ${rowKey}`,
    );
  };
  const SECOND_KEY = `jobFetchable_${PRINTER}_6000`;

  it.each([
    ['of all customers', [], [`other ${SECOND_KEY}`, STARTED_KEY, SECOND_KEY, FETCHABLE_KEY]],
    ['of one printer by its name', ['--tenant', TENANT, '--printer', 'Reception'], [SECOND_KEY, FETCHABLE_KEY]],
    ['of one printer of any customer', ['--printer', 'rec'], [SECOND_KEY, FETCHABLE_KEY]],
    ['of a user, by principal name in any case', ['--user', 'ADA@contoso.com'], [STARTED_KEY, FETCHABLE_KEY]],
    ['of a user, by id', ['--user', 'ada-id'], [STARTED_KEY, FETCHABLE_KEY]],
    ['of the last two hours', ['--tenant', TENANT, '--since', '2h'], [STARTED_KEY]],
    ['of the last day', ['--tenant', TENANT, '--since', '1d'], [STARTED_KEY, SECOND_KEY]],
    ['since a time', ['--tenant', TENANT, '--since', '2026-11-21T12:00Z'], [STARTED_KEY, SECOND_KEY]],
    ['in a state', ['--state', 'failed'], [`other ${SECOND_KEY}`]],
    ['with all conditions', ['--user', 'ada-id', '--state', 'done', '--printer', PRINTER], [FETCHABLE_KEY]],
  ])('list: job events %s', async (_what, argv, keys) => {
    expect(await keysOf('list', ...argv)).toEqual(keys);
  });

  it.each([
    ['a job id', '6000', [`other ${SECOND_KEY}`, SECOND_KEY]],
    ['a user by display name', 'lovelace', [STARTED_KEY, FETCHABLE_KEY]],
    ['a user by principal name', 'ada@', [STARTED_KEY, FETCHABLE_KEY]],
    ['a printer by name', 'reception', [SECOND_KEY, FETCHABLE_KEY]],
    ['a key', `${DEFINITION}_t1`, [STARTED_KEY]],
    ['nothing', 'Babbage', []],
  ])('find: %s, newest first', async (_what, text, keys) => {
    expect(await keysOf('find', text)).toEqual(keys);
  });

  it('find shows what matched, with names, and keeps to --tenant and --limit', async () => {
    const { stdout, stderr } = await cli.run('jobs', 'find', 'ada', '--tenant', TENANT, '--limit', '1');
    expect(stdout.split('\n')[1]).toMatch(/done +user +5182 +Ada Lovelace \(ada@contoso\.com\) +jobStarted_/);
    expect(stderr).toContain('1 older job event not shown: add --limit <count>');
    expect(await keysOf('find', '6000', '--tenant', TENANT)).toEqual([SECOND_KEY]);
  });

  it('say how many job events name no user', async () => {
    const words =
      '2 job events name no user, so they are not found by one: the app could not read the job, or Graph named no user.\n';
    expect((await cli.run('jobs', 'find', 'Babbage')).stderr).toBe(words);
    expect((await cli.run('jobs', 'list', '--user', 'Babbage')).stderr).toBe(words);
    const one = await cli.run('jobs', 'find', 'Babbage', '--tenant', OTHER_TENANT);
    expect(one.stderr).toContain('1 job event names no user, so it is not found by one');
  });

  it.each([['2'], ['2w'], ['yesterday'], ['2026-11-21T12:00']])('list: --since %s is wrong usage', async (since) => {
    const { code, stderr } = await cli.run('jobs', 'list', '--since', since);
    expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringContaining('30m, 2h or 3d') as string });
  });
});

describe('jobs show', () => {
  it('finds both events of a job by its id and shows what happened, in order', async () => {
    await world.putRow(STARTED, {
      outcome: 'released',
      decision: 'release',
      jobId: '5182',
      printerId: PRINTER,
    });
    await world.watches.update(fetchable(), (watch) => ({ ...watch, name: 'Reception' }));
    await world.putRow(FETCHABLE, {
      foundBy: 'sweep',
      receivedAt: '2026-11-21T23:30:00.000Z',
      jobCreatedAt: '2026-11-21T23:00:00.000Z',
      notifiedAt: '2026-11-22T01:00:00.000Z',
      outcome: 'fetchable',
      jobId: '5182',
      printerId: PRINTER,
      job: JSON.stringify({ id: '5182', createdBy: ADA }),
      sentAt: '2026-11-22T01:30:00.000Z',
    });
    const { code, stdout } = await cli.run('jobs', 'show', '5182', '--tenant', TENANT);
    expect(code).toBe(0);
    const times = stdout.slice(0, stdout.indexOf(STARTED_KEY));
    expect(times).toMatch(new RegExp(`customer +A customer \\(${TENANT}\\)`));
    expect(times).toMatch(new RegExp(`printer +Reception \\(${PRINTER}\\)`));
    expect(times).toMatch(/user +Ada Lovelace \(ada@contoso\.com\)/);
    expect(times).toMatch(
      /23:00.*user printed\n.*23:30.*sweep found it\n.*00:00.*1 run.*\n.*01:00.*notification arrived.*\n.*01:30.*event \S+ was sent\n.*done/,
    );
    expect(times).toContain(`To send its event again: events resend ${TENANT}/${FETCHABLE_KEY}`);
    expect(stdout.slice(times.length)).toContain('unknown: the row has no job, or Graph named no user');
    const { json } = await cli.runJson('jobs', 'show', FETCHABLE_KEY, '--tenant', TENANT);
    expect(json).toMatchObject([
      {
        ...{ rowKey: FETCHABLE_KEY, job: { id: '5182' }, timeline: { length: 6 } },
        ...{ tenantName: 'A customer', printerName: 'Reception', user: ADA },
        next: [`events resend ${TENANT}/${FETCHABLE_KEY}`],
      },
    ]);
  });

  it.each([
    ['held', { phase: 'end', outcome: 'held' }, [`jobs release KEY TENANT`, `jobs abort KEY TENANT`]],
    ['failed', { cause: 'graphForbidden' }, ['poison replay --cause graphForbidden TENANT', 'jobs sweep TENANT']],
    ['gone', { cause: 'jobNotFound' }, ['jobs sweep TENANT']],
    ['waiting', { cause: 'graphThrottled' }, []],
    ['done', { event: 'none', cause: 'pausedTenant' }, [`tenants resume ${TENANT}`]],
  ] as const)('%s: names the next command', async (status, cells, next) => {
    await world.putRow(STARTED, { status, ...cells });
    const { json } = await cli.runJson('jobs', 'show', STARTED_KEY, '--tenant', TENANT);
    const commands = next.map((text) => text.replace('KEY', STARTED_KEY).replace('TENANT', `--tenant ${TENANT}`));
    expect(json).toMatchObject([{ next: commands }]);
  });

  it('shows the words with which Graph refused', async () => {
    await world.putRow(STARTED, {
      status: 'failed',
      cause: 'graphForbidden',
      lastRefusal: 'Graph returned 403 for GET /x',
    });
    const { stdout } = await cli.run('jobs', 'show', STARTED_KEY, '--tenant', TENANT);
    expect(stdout).toContain('last refusal: Graph returned 403 for GET /x');
  });

  it('prints what to do about a job that is not in the ledger', async () => {
    const missing = await cli.run('jobs', 'show', FETCHABLE_KEY, '--tenant', TENANT);
    expect(missing.code).toBe(1);
    expect(missing.stderr).toContain('jobs sweep');
    expect((await cli.run('jobs', 'show', 'a/b', '--tenant', TENANT)).code).toBe(2);
  });
});

it.each(['list', 'find', 'show', 'sweep'])('jobs %s has a help with an example and --json', async (verb) => {
  const { code, stdout } = await cli.run('jobs', verb, '--help');
  expect(code).toBe(0);
  expect(stdout).toContain(`npm run -s cli -- jobs ${verb}`);
  expect(stdout).toContain('--json');
});
