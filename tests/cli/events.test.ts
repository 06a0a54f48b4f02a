import { createCliWorld } from '../support/createCliWorld';
import { findEventFaults } from '../support/findEventFaults';
import { DEFINITION, OTHER_TENANT, PRINTER, TENANT } from '../support/createSubscriptionWorld';

const DAY = 24 * 60 * 60_000;
const QUEUE = 'print-job-events';
const HELD = `jobStarted_${DEFINITION}_task-1`;
const READY = `jobFetchable_${PRINTER}_5183`;

let cli: ReturnType<typeof createCliWorld>;
/** Rows with three events: a held job that was released an hour later, and a ready job of another customer. */
beforeEach(async () => {
  cli = createCliWorld();
  cli.clock.advance(DAY);
  await addTenant(TENANT);
  await addTenant(OTHER_TENANT);
  const known = { status: 'done', attempts: 1, foundBy: 'graph', event: 'sent', printerId: PRINTER } as const;
  await cli.ledgerTable.insert({
    ...{ partitionKey: TENANT, rowKey: HELD, ...known, phase: 'end', jobId: '5182', by: 'backend' },
    ...{ firstSeenAt: '2026-11-22T09:00:00.000Z', outcome: 'released', rule: 'pull printing', job: '{"id":"5182"}' },
    ...{ sentAt: '2026-11-22T09:00:01.000Z', endSentAt: '2026-11-22T10:00:00.000Z' },
  });
  await cli.ledgerTable.insert({
    ...{ partitionKey: OTHER_TENANT, rowKey: READY, ...known, jobId: '5183', outcome: 'fetchable' },
    ...{ firstSeenAt: '2026-11-22T09:30:00.000Z', sentAt: '2026-11-22T09:30:01.000Z', job: '{"id":"5183"}' },
  });
  await cli.ledgerTable.insert({
    ...{ partitionKey: TENANT, rowKey: `jobStarted_${DEFINITION}_task-2`, ...known, event: 'pending' },
    ...{ firstSeenAt: '2026-11-22T09:00:00.000Z', outcome: 'released' },
  });
});

const addTenant = (tenantId: string) =>
  cli.tenants.add({
    ...{ tenantId, name: 'Contoso', status: 'active', taskDeadlineMinutes: 15, retentionDays: 30 },
    createdAt: '2026-11-01T00:00:00.000Z',
  });
const ids = {
  held: `${TENANT}/${HELD}`,
  end: `${TENANT}/${HELD}/end`,
  ready: `${OTHER_TENANT}/${READY}`,
};
const sent = () =>
  cli
    .queue(QUEUE)
    .texts()
    .map((text) => JSON.parse(text) as { id: string });
const listed = async (...argv: string[]) => {
  const { json } = await cli.runJson('events', 'list', ...argv);
  return (json as { events: { id: string }[] }).events.map(({ id }) => id);
};

describe('events list', () => {
  it('shows what was sent, newest first, and how many events wait', async () => {
    await cli.queue(QUEUE).send('{}');
    await cli.queue(`${QUEUE}-poison`).send('{}');
    const { code, stdout } = await cli.run('events', 'list');
    expect(code).toBe(0);
    expect(stdout.split('\n').slice(1)).toEqual([
      expect.stringMatching(/^2026-11-22T10:00:00.000Z {2}print.job.ended +released +\S+\/end$/),
      expect.stringMatching(/^2026-11-22T09:30:01.000Z {2}print.job.fetchable +fetchable/),
      expect.stringMatching(/^2026-11-22T09:00:01.000Z {2}print.job.started +held/),
      '',
      'Queue print-job-events: 1 event waiting, 1 in its poison queue.',
      '',
    ]);
  });

  it('filters by tenant, time and type, and keeps the newest up to its limit', async () => {
    expect(await listed()).toEqual([ids.end, ids.ready, ids.held]);
    expect(await listed('--tenant', OTHER_TENANT)).toEqual([ids.ready]);
    expect(await listed('--since', '2026-11-22T09:30:01Z', '--until', '2026-11-22T12:00+02:00')).toEqual([ids.ready]);
    const minutes = (cli.clock.now() - Date.parse('2026-11-22T09:30:01Z')) / 60_000;
    expect(await listed('--since', `${Math.ceil(minutes)}m`)).toEqual([ids.end, ids.ready]);
    expect(await listed('--type', 'print.job.started')).toEqual([ids.held]);
    const { stdout, stderr } = await cli.run('events', 'list', '--limit', '1');
    expect(stdout).toContain(ids.end);
    expect(stdout).not.toContain(ids.ready);
    expect(stderr).toBe('2 older events not shown: add --limit <count>\n');
  });

  it('reports a ledger without events', async () => {
    const { stdout } = await cli.run('events', 'list', '--since', '2026-11-23');
    expect(stdout).toBe(
      'The ledger has no such event.\n\nQueue print-job-events: 0 events waiting, 0 in its poison queue.\n',
    );
  });

  it.each([
    ['--since', 'yesterday'],
    ['--since', '2026-11-22T09:00'],
    ['--since', '2026-13-22'],
    ['--type', 'print.job.odd'],
    ['--limit', '0'],
  ])('%s %s is wrong usage', async (...argv) => {
    expect((await cli.run('events', 'list', ...argv)).code).toBe(2);
  });
});

describe('events show', () => {
  it('shows an event as it is rebuilt from the ledger', async () => {
    const { json } = await cli.runJson('events', 'show', ids.end);
    expect(json).toMatchObject({
      ...{ id: ids.end, type: 'print.job.ended', outcome: 'released', sentAt: '2026-11-22T10:00:00.000Z' },
      queue: { name: QUEUE, waiting: 0, poison: 0 },
      event: { data: { rule: 'pull printing', by: 'backend', taskId: 'task-1', job: { id: '5182' } } },
    });
    expect(findEventFaults((json as { event: unknown }).event)).toEqual([]);
    expect((await cli.run('events', 'show', ids.end)).stdout).toContain('\n    "outcome": "released",\n');
  });

  it('accepts the id in any case of the tenant, and reports an event that was not sent', async () => {
    expect((await cli.run('events', 'show', ids.ready.replace(OTHER_TENANT, OTHER_TENANT.toUpperCase()))).code).toBe(0);
    const missing = await cli.run('events', 'show', `${ids.ready}/end`);
    expect(missing).toMatchObject({ code: 1, stderr: expect.stringContaining('See: events list') as string });
    for (const id of ['5182', `${TENANT}/other_1_2`, `contoso.com/${HELD}`, `${TENANT}/${HELD}/x`]) {
      expect((await cli.run('events', 'show', id)).code).toBe(2);
    }
  });
});

describe('events resend', () => {
  it('sends named events again with the same id, or none when one is unknown', async () => {
    expect((await cli.run('events', 'resend', ids.ready, ids.held)).stdout).toBe('Resent 2 events.\n');
    expect(sent().map(({ id }) => id)).toEqual([ids.ready, ids.held]);
    expect(sent().flatMap(findEventFaults)).toEqual([]);
    expect((await cli.run('events', 'resend', ids.held, `${ids.ready}/end`)).code).toBe(1);
    expect(sent()).toHaveLength(2);
    expect(await cli.runJson('events', 'resend', ids.end)).toMatchObject({ json: { resent: 1 } });
  });

  it('sends the events of a time again, of all customers or as the conditions say', async () => {
    const { json } = await cli.runJson('events', 'resend', '--since', '2026-11-22');
    const order = [ids.held, ids.end, ids.ready].sort();
    expect(json).toEqual({ resent: 3, blanked: 0, complete: true, last: order[2] });
    expect(sent().map(({ id }) => id)).toEqual(order);
    const narrowed = ['--since', '2026-11-22', '--tenant', TENANT, '--type', 'print.job.ended'];
    expect((await cli.run('events', 'resend', ...narrowed)).stdout).toBe('Resent 1 event.\n');
    expect(sent().at(-1)).toMatchObject({ id: ids.end });
  });

  it('sends at most so many events a second', async () => {
    const before = cli.clock.now();
    await cli.run('events', 'resend', '--since', '2026-11-22', '--per-second', '1');
    expect(cli.clock.now() - before).toBe(2_000);
  });

  it('after a failure prints the command that continues with the next event', async () => {
    const send = cli.queue(QUEUE).send.bind(cli.queue(QUEUE));
    const order = [ids.held, ids.end, ids.ready].sort();
    let calls = 0;
    cli.queue(QUEUE).send = (text) => {
      calls += 1;
      return calls === 2 ? Promise.reject(new Error('503')) : send(text);
    };
    const { code, stderr } = await cli.run('events', 'resend', '--since', '2026-11-22', '--until', '2026-11-23');
    expect(code).toBe(1);
    const [, command = ''] = /1 event resent. To continue: events (resend .*)\n/.exec(stderr) ?? [];
    expect(command).toContain(`--after ${order[0]} --per-second 20`);
    expect((await cli.run('events', ...command.split(' '))).stdout).toBe('Resent 2 events.\n');
    expect(sent().map(({ id }) => id)).toEqual(order);
  });

  it('stops at Ctrl-C with the command that continues, and exit code 1', async () => {
    const interrupted = createCliWorld({ interruption: () => AbortSignal.abort() });
    interrupted.clock.advance(DAY);
    const row = { partitionKey: TENANT, rowKey: READY, status: 'done', event: 'sent', outcome: 'printed', attempts: 1 };
    await interrupted.ledgerTable.insert({ ...row, firstSeenAt: '2026-11-22T09:30:00.000Z' });
    const { code, stderr } = await interrupted.run('events', 'resend', '--since', '2026-11-22', '--tenant', TENANT);
    expect(code).toBe(1);
    expect(stderr).toContain(`0 events resent. To continue: events resend --since 2026-11-22T00:00:00.000Z --until `);
  });

  it('continues after the end of a job with a key that begins with its key', async () => {
    await cli.ledgerTable.insert({
      ...{ partitionKey: TENANT, rowKey: `${HELD}-1`, status: 'done', attempts: 1, event: 'sent', outcome: 'ended' },
      firstSeenAt: '2026-11-22T09:30:00.000Z',
    });
    const { json } = await cli.runJson(
      'events',
      'resend',
      '--since',
      '2026-11-22',
      '--tenant',
      TENANT,
      '--after',
      ids.end,
    );
    expect(json).toEqual({ resent: 1, blanked: 0, complete: true, last: `${TENANT}/${HELD}-1` });
  });

  it.each([
    ['nothing', []],
    ['no beginning', ['--until', '2026-11-22']],
    ['ids and a time', [`${TENANT}/${HELD}`, '--since', '2026-11-22']],
  ])('needs ids or a time: %s is wrong usage', async (_name, argv) => {
    expect((await cli.run('events', 'resend', ...argv)).code).toBe(2);
  });
});

describe('events tail', () => {
  it('shows each event once, when the ledger records it, until Ctrl-C', async () => {
    const stopping = new AbortController();
    const at = () => new Date(world.clock.now()).toISOString();
    const row = { partitionKey: TENANT, status: 'done', attempts: 1, event: 'sent', outcome: 'printed' };
    const add = (rowKey: string) => world.ledgerTable.insert({ ...row, rowKey, firstSeenAt: at(), sentAt: at() });
    const steps = [() => add('jobFetchable_p_1'), () => add('jobFetchable_p_2'), () => Promise.resolve()];
    const world = createCliWorld({
      interruption: () => stopping.signal,
      sleep: async (ms) => {
        world.clock.advance(ms);
        const step = steps.shift();
        if (step) await step();
        else stopping.abort();
      },
    });
    await world.ledgerTable.insert({ ...row, rowKey: 'jobFetchable_p_0', firstSeenAt: '2026-11-21T00:00:00.000Z' });
    const { code, stdout, stderr } = await world.run('events', 'tail', '--tenant', TENANT, '--json');
    const shown = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as object);
    expect(shown).toMatchObject([
      { id: `${TENANT}/jobFetchable_p_1`, outcome: 'printed', queue: { waiting: 0 } },
      { id: `${TENANT}/jobFetchable_p_2` },
    ]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  });
});

it.each(['list', 'show', 'tail', 'resend'])('events %s has a help with an example and --json', async (verb) => {
  const { code, stdout } = await cli.run('events', verb, '--help');
  expect(code).toBe(0);
  expect(stdout).toContain(`npm run -s cli -- events ${verb}`);
  expect(stdout).toContain('--json');
});

describe('the end of a fetchable job', () => {
  const end = `${TENANT}/${READY}/end`;
  const start = `${TENANT}/${READY}`;
  beforeEach(async () => {
    const known = { status: 'done', attempts: 1, event: 'sent', printerId: PRINTER, jobId: '5183' } as const;
    const rowOf = (rowKey: string, outcome: string, minute: string) => ({
      ...{ partitionKey: TENANT, rowKey, ...known, foundBy: 'graph', outcome, job: '{"id":"5183"}' },
      ...{ firstSeenAt: `2026-11-22T11:${minute}:00.000Z`, sentAt: `2026-11-22T11:${minute}:01.000Z` },
    });
    await cli.ledgerTable.insert(rowOf(READY, 'fetchable', '30'));
    await cli.ledgerTable.insert(rowOf(`${READY}~end`, 'completed', '40'));
  });

  it('is listed with its type and outcome', async () => {
    const { stdout } = await cli.run('events', 'list', '--type', 'print.job.ended', '--since', '2026-11-22T11:00Z');
    expect(stdout).toMatch(/^2026-11-22T11:40:01.000Z {2}print.job.ended +completed +\S+\/end$/m);
  });

  it('is shown as it was sent', async () => {
    const { json } = await cli.runJson('events', 'show', end);
    expect(json).toMatchObject({ id: end, type: 'print.job.ended', outcome: 'completed' });
    const { event } = json as { event: unknown };
    expect(findEventFaults(event)).toEqual([]);
    expect(event).toMatchObject({ id: end, data: { outcome: 'completed', jobId: '5183' } });
  });

  it('is resent after the job, and a run continues between the two', async () => {
    const all = ['events', 'resend', '--since', '2026-11-22T11:00Z', '--until', '2026-11-22T12:00Z'];
    await cli.run(...all);
    expect(sent().map(({ id }) => id)).toEqual([start, end]);
    await cli.run(...all, '--after', start);
    expect(sent().map(({ id }) => id)).toEqual([start, end, end]);
    await cli.run(...all, '--after', end);
    expect(sent()).toHaveLength(3);
  });
});
