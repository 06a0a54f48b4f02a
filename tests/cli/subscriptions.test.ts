import { HOLD_MS } from '../../shared/watches/hold';
import { withoutFailure, withoutSubscription } from '../../shared/watches/watches';
import { createCliWorld } from '../support/createCliWorld';
import { graphError } from '../support/createFakeGraph';
import {
  DEFINITION,
  MINUTE,
  OTHER_TENANT,
  PRINTER,
  putServed,
  started,
  TENANT,
} from '../support/createSubscriptionWorld';

const addPrinter = ['subscriptions', 'add', '--tenant', TENANT, '--printer', PRINTER];
/** 4,200 minutes after the start of the test. */
const EXPIRY = '2026-11-24T22:00:00.000Z';

describe('subscriptions add', () => {
  it('watches a printer (JobFetchable) and prints the expiry that Graph granted', async () => {
    const world = createCliWorld();
    await world.addTenant();
    const { code, stdout, stderr } = await world.run(...addPrinter);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toContain('is now watched');
    expect(stdout).toContain(EXPIRY);
    expect(world.graph.calls.map(({ method }) => method)).toEqual(['GET', 'POST', 'GET']);
    expect(world.graph.calls[1]?.body).toMatchObject({ resource: `print/printers/${PRINTER}/jobs` });
    expect((await world.run(...addPrinter)).stdout).toContain('was already watched');
    expect(world.graph.said().filter((call) => call.startsWith('POST'))).toHaveLength(1);
  });

  it('refuses a pull print printer with the reason, and stores nothing (resources/pullprintprinter.md)', async () => {
    const world = createCliWorld();
    await world.addTenant();
    world.graph.next('GET', () => ({ id: PRINTER, displayName: 'Pull print' }));
    const refused = await world.run(...addPrinter);
    expect(refused).toMatchObject({ code: 1, stdout: '' });
    expect(refused.stderr).toContain(`${PRINTER} is a pull print printer, and Graph has no subscriptions for these`);
    expect(refused.stderr).toContain('member printers');
    expect(world.graph.said()).toEqual([`GET /print/pullPrintPrinters/${PRINTER}`]);
    expect((await world.runJson('subscriptions', 'list')).json).toEqual([]);
    const prefixed = await world.run('subscriptions', 'add', '--tenant', TENANT, '--printer', `pullprint.${PRINTER}`);
    expect(prefixed).toMatchObject({ code: 1, stdout: '' });
    expect(world.graph.calls).toHaveLength(1);
  });

  it('watches a definition (JobStarted), as one JSON document', async () => {
    const world = createCliWorld();
    await world.addTenant();
    const argv = ['subscriptions', 'add', '--tenant', TENANT, '--definition', DEFINITION.toUpperCase()];
    expect(await world.runJson(...argv)).toMatchObject({
      code: 0,
      stderr: '',
      json: {
        tenantId: TENANT,
        kind: 'jobStarted',
        id: DEFINITION,
        added: true,
        outcome: 'created',
        subscriptionId: 'subscription-1',
        expirationDateTime: EXPIRY,
      },
    });
  });

  it('fails with the reason when Graph refuses, keeps the watch, and prints how to retry', async () => {
    const world = createCliWorld();
    await world.addTenant();
    world.graph.nextError('POST', graphError('forbidden'));
    const first = await world.run(...addPrinter);
    expect(first).toMatchObject({ code: 1, stdout: '' });
    expect(first.stderr).toContain('Graph said forbidden');
    expect(first.stderr).toContain('2026-11-22T00:00:45.000Z');
    expect(first.stderr).toContain('subscriptions reconcile --retry-now');
    // Still waiting: the same reason, and no second call.
    expect(await world.runJson(...addPrinter)).toMatchObject({
      code: 1,
      json: {
        added: false,
        outcome: 'nothing',
        lastError: expect.stringContaining('Graph said forbidden') as string,
      },
    });
    expect(world.graph.calls).toHaveLength(2);
    const corrected = await world.run('subscriptions', 'reconcile', '--retry-now');
    expect(corrected).toMatchObject({ code: 0, stderr: `${TENANT} jobFetchable_${PRINTER}: created\n` });
  });

  it('prints the Retry-After of Graph when a watch in removal is added again', async () => {
    const world = createCliWorld();
    await world.addTenant();
    const until = '2026-11-22T00:04:00.000Z';
    await putServed(world, { wanted: false, nextTryAt: until, retryAfterUntil: until, lastError: 'x' });
    world.graph.subscriptions.clear();
    const { watch, etag } = await world.read();
    const pending = withoutFailure(withoutSubscription(watch));
    await world.watches.save({ ...pending, wanted: true }, etag);
    expect(await world.run(...addPrinter)).toMatchObject({
      code: 1,
      stderr: expect.stringContaining(`The app retries at ${until}`) as string,
    });
  });

  it('reports that another run is creating the subscription', async () => {
    const world = createCliWorld();
    await world.addTenant();
    await world.put({ heldMs: HOLD_MS });
    expect(await world.run(...addPrinter)).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('Another run is creating its subscription') as string,
    });
  });

  it('recreates the subscription of an expired watch', async () => {
    const world = createCliWorld();
    await world.addTenant();
    await putServed(world);
    world.graph.subscriptions.clear();
    world.clock.advance(80 * 60 * MINUTE);
    expect((await world.run(...addPrinter)).stdout).toContain('is watched again');
  });

  it('refuses a tenant that is not active', async () => {
    const world = createCliWorld();
    const unknown = await world.run(...addPrinter);
    expect(unknown).toMatchObject({ code: 1, stdout: '' });
    expect(unknown.stderr).toContain(`tenants add ${TENANT}`);
    await world.addTenant(TENANT, 'paused');
    expect((await world.run(...addPrinter)).stderr).toContain('paused or removed');
  });
});

describe('subscriptions list', () => {
  it('lists every watch with its state', async () => {
    const world = createCliWorld();
    await putServed(world, { id: 'a' });
    await putServed(world, { id: 'b', lastError: 'words' });
    await putServed(world, { id: 'c', expirationDateTime: '2026-11-21T00:00:00.000Z' });
    await world.put({ id: 'd' });
    await world.put({ id: 'e', lastError: 'words' });
    await world.put({ ...started(OTHER_TENANT) });
    const { json } = (await world.runJson('subscriptions', 'list')) as {
      json: { id: string; state: string }[];
    };
    expect(json.map(({ id, state }) => [id, state])).toEqual([
      ['a', 'live'],
      ['b', 'failing'],
      ['c', 'lapsed'],
      ['d', 'pending'],
      ['e', 'failing'],
      [DEFINITION, 'pending'],
    ]);
    const { stdout } = await world.run('subscriptions', 'list', '--tenant', TENANT);
    const lines = stdout.trimEnd().split('\n');
    expect(lines).toHaveLength(6);
    expect(lines[2]?.split(/ {2,}/)).toEqual([TENANT, 'jobFetchable', 'b', 'failing', EXPIRY, 'words']);
  });

  it('shows a row without an expiry as lapsed', async () => {
    const world = createCliWorld();
    await world.put({ subscriptionId: 's' });
    expect(await world.runJson('subscriptions', 'list')).toMatchObject({ json: [{ state: 'lapsed' }] });
  });

  it('lists by pages: each note names the next, and the pages together hold every watch once', async () => {
    const world = createCliWorld();
    for (const id of ['a', 'b', 'c']) await world.put({ id });
    await world.put({ ...started(OTHER_TENANT) });
    const listed: string[] = [];
    let words = ['subscriptions', 'list', '--limit', '2', '--json'];
    for (let page = 1; words.length > 0 && page < 5; page += 1) {
      const { code, stdout, stderr } = await world.run(...words);
      expect(code).toBe(0);
      const watches = JSON.parse(stdout) as { id: string }[];
      expect(watches.length).toBeLessThanOrEqual(2);
      listed.push(...watches.map(({ id }) => id));
      const next = /More watches follow: .*?(subscriptions list .*)/.exec(stderr)?.[1] ?? '';
      words = next === '' ? [] : next.split(' ');
    }
    expect(listed).toEqual(['a', 'b', 'c', DEFINITION]);
  });

  it('shows 200 watches at most without --limit, and all of them with --json', async () => {
    const world = createCliWorld();
    for (let n = 0; n < 201; n += 1) await world.put({ id: `p-${String(n).padStart(3, '0')}` });
    const { stdout, stderr } = await world.run('subscriptions', 'list');
    expect(stdout.trimEnd().split('\n')).toHaveLength(201);
    expect(stderr).toContain(`subscriptions list --after ${TENANT}/jobFetchable_p-199`);
    const { json } = (await world.runJson('subscriptions', 'list')) as { json: unknown[] };
    expect(json).toHaveLength(201);
    const { stdout: last } = await world.run('subscriptions', 'list', '--after', `${TENANT}/jobFetchable_p-200`);
    expect(last).toBe('No watch follows.\n');
  });

  it.each([
    [['--after', 'jobFetchable_a'], 'It must be a tenant and a watch'],
    [['--tenant', OTHER_TENANT, '--after', `${TENANT}/jobFetchable_a`], 'another tenant'],
  ])('refuses %j', async (words, problem) => {
    const { code, stderr } = await createCliWorld().run('subscriptions', 'list', ...words);
    expect(code).toBe(2);
    expect(stderr).toContain(problem);
  });

  it('prints the next step when nothing is watched, and warns of an unreadable row', async () => {
    const world = createCliWorld();
    await world.watchTable.insert({ partitionKey: TENANT, rowKey: 'broken' });
    const { code, stdout, stderr } = await world.run('subscriptions', 'list');
    expect(code).toBe(0);
    expect(stdout).toContain('subscriptions add');
    expect(stderr).toMatch(/^warning: .*table Subscriptions/);
  });
});

describe('subscriptions reconcile', () => {
  it('renews what is due, shows progress on stderr and the counts on stdout', async () => {
    const world = createCliWorld();
    await world.addTenant();
    await world.addTenant(OTHER_TENANT, 'paused');
    await putServed(world);
    world.clock.advance(60 * MINUTE);
    const { code, stdout, stderr } = await world.run('subscriptions', 'reconcile');
    expect(code).toBe(0);
    expect(stderr).toBe(`${TENANT} jobFetchable_${PRINTER}: renewed\n`);
    expect(stdout).toMatch(/^renewed +1$/m);
    expect(stdout).toContain('1 paused or removed tenant skipped');
  });

  it('prints one JSON document, names each failure on stderr, exit code 1', async () => {
    const world = createCliWorld();
    await world.addTenant();
    await world.put();
    await world.watchTable.insert({ partitionKey: TENANT, rowKey: 'broken' });
    world.graph.nextError('POST', graphError('forbidden'));
    const { code, json, stderr } = await world.runJson('subscriptions', 'reconcile', '--tenant', TENANT);
    expect(code).toBe(1);
    expect(json).toMatchObject({
      counts: { failed: 1, created: 0 },
      failures: [
        {
          tenantId: TENANT,
          watch: `jobFetchable_${PRINTER}`,
          error: expect.stringContaining('Graph said forbidden') as string,
        },
      ],
      unreadable: [expect.any(String)],
    });
    expect(stderr).toContain(`${TENANT} jobFetchable_${PRINTER}: Graph said forbidden. Grant `);
    expect(stderr).toContain('warning: ');
  });

  it('exit code 1 for a tenant that refuses everything, in the run that finds out and while it is backing off', async () => {
    const world = createCliWorld();
    await world.addTenant();
    await putServed(world);
    world.clock.advance(60 * MINUTE);
    world.graph.nextError('PATCH', graphError('unauthorized'));
    const found = await world.run('subscriptions', 'reconcile');
    expect(found.code).toBe(1);
    const reason = `error: ${TENANT} refuses the app: Graph said unauthorized. Check the credential of the app. (next try 2026-11-22T01:00:45.000Z)\n  To see what is missing: tenants show ${TENANT}`;
    expect(found.stderr).toContain(reason);
    const waiting = await world.run('subscriptions', 'reconcile');
    expect(waiting.code).toBe(1);
    expect(waiting.stderr).toContain(reason);
    const { code, json } = await world.runJson('subscriptions', 'reconcile');
    expect(code).toBe(1);
    expect(json).toMatchObject({ tenantsRefused: 1, refused: [{ tenantId: TENANT }], failures: [] });
  });

  it('reports nothing about a customer that refuses the app and has nothing due', async () => {
    const world = createCliWorld();
    await world.addTenant(TENANT, 'paused');
    await putServed(world);
    await world.tenants.update(TENANT, (tenant) => ({
      ...tenant,
      failures: 1,
      lastError: 'x',
      nextTryAt: '2026-11-22T01:00:00.000Z',
    }));
    expect((await world.run('subscriptions', 'reconcile')).code).toBe(0);
  });

  it('exit code 1 when a due watch was postponed', async () => {
    const world = createCliWorld();
    await world.addTenant();
    await putServed(world);
    world.clock.advance(60 * MINUTE);
    const notSent = Object.assign(graphError('throttled', 60_000), { status: undefined });
    world.graph.nextError('PATCH', notSent);
    const { code, stderr } = await world.run('subscriptions', 'reconcile');
    expect(code).toBe(1);
    expect(stderr).toContain('error: 1 watch postponed until the next run');
    expect((await world.run('subscriptions', 'reconcile')).code).toBe(0);
  });

  it('reports a failure of storage, which has no next try', async () => {
    const world = createCliWorld();
    await world.addTenant();
    world.watches.listRecords = () => {
      throw new Error('down');
    };
    const { code, stderr } = await world.run('subscriptions', 'reconcile');
    expect(code).toBe(1);
    expect(stderr).toMatch(/error: .* cannot be read from storage or written to it\n$/);
  });

  it('fails for a tenant that is not on the allow-list', async () => {
    const world = createCliWorld();
    const { code, stderr } = await world.run('subscriptions', 'reconcile', '--tenant', TENANT);
    expect(code).toBe(1);
    expect(stderr).toContain('not on the allow-list');
  });
});
