import { CLI_ENV, createCliWorld } from '../support/createCliWorld';
import { DEFINITION, MINUTE, OTHER_TENANT, putServed, START, TENANT } from '../support/createSubscriptionWorld';
import { keyCheckOf } from '../../shared/watches/clientState';
import { ReceiverError } from '../../shared/errors';
import { createMessageSigner } from '../../shared/storage/signedMessages';
import { testKey } from '../support/testKey';

describe('status', () => {
  it('shows tenants, watches, keys, queues and sweeps on one screen', async () => {
    const world = createCliWorld();
    await world.addTenant();
    await world.addTenant(OTHER_TENANT, 'paused');
    await world.tenants.update(TENANT, (row) => ({
      ...row,
      sweptAt: START,
      lostByGraph: 2,
      lastError: 'words',
    }));
    await world.tenants.update(OTHER_TENANT, (row) => ({
      ...row,
      sweptAt: '2020-01-01T00:00:00.000Z',
      lostByGraph: 1,
    }));
    await putServed(world);
    await putServed(world, {
      id: 'p2',
      subscriptionId: 's2',
      keyId: 'k0',
      expirationDateTime: '2026-11-22T01:00:00.000Z',
      renewedAt: '2026-11-21T00:00:00.000Z',
    });
    await world.put({ kind: 'jobStarted', id: DEFINITION });
    await world.put({ id: 'p3', lastError: 'refused' });
    await world.put({ id: 'p4', subscriptionId: 's4', expirationDateTime: '2026-11-21T00:00:00.000Z' });
    await world.put({
      id: 'p5',
      subscriptionId: 's5',
      expirationDateTime: '2026-11-23T00:00:00.000Z',
      lastError: 'x',
    });
    await world.queue('print-notifications').send('x');
    await world.queue('print-notifications-poison').send('y');
    world.clock.advance(10 * MINUTE);
    const { code, stderr, json } = await world.runJson('status');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(json).toEqual({
      state: 'ATTENTION',
      version: '1.2.3',
      reasons: [
        {
          reason: 'wrongKeys',
          problem: `CLIENT_STATE_KEYS lacks k0 (missing), which signed 1 watch of ${TENANT}`,
          next: 'subscriptions reconcile',
        },
        { reason: 'poison', problem: '1 message in the poison queue of print-notifications', next: 'poison list' },
        {
          reason: 'tenantRefused',
          problem: `Customer ${TENANT} refuses the app: words`,
          next: `tenants show ${TENANT}`,
        },
      ],
      unreadableRows: [],
      unseenMessages: 0,
      tenants: { active: 1, paused: 1, removed: 0 },
      watches: { live: 2, failing: 2, lapsed: 1, pending: 1, printerGone: 0, definitionGone: 0 },
      watchesOfInactiveTenants: 0,
      trustedHosts: [],
      sink: null,
      keys: [
        { keyId: 'k1', role: 'signs', watches: 1, tokens: 0, messages: 0, removable: false },
        { keyId: 'k0', role: 'missing', watches: 1, tokens: 0, messages: 0, removable: false },
      ],
      wrongKeys: [{ tenantId: TENANT, watch: 'jobFetchable_p2', keyId: 'k0', problem: 'missing' }],
      minutesToNearestExpiry: 50,
      lastRenewal: START,
      lastSweep: START,
      neverSwept: 0,
      foundOnlyBySweep: 3,
      tenantErrors: [{ tenantId: TENANT, error: 'words' }],
      heldJobs: { count: 0, more: false },
      unreadableRules: [],
      queues: [
        {
          queue: 'print-notifications',
          waiting: 1,
          poison: 1,
          oldestPoisonMinutes: 10,
          oldestWaitingMinutes: 10,
        },
        { queue: 'print-notifications-waiting', waiting: 0 },
        { queue: 'subscription-events', waiting: 0, poison: 0 },
        { queue: 'print-archive', waiting: 0, poison: 0 },
        { queue: 'print-job-events', waiting: 0, poison: 0 },
        { queue: 'print-job-events-waiting', waiting: 0 },
        { queue: 'print-job-events-dead', waiting: 0 },
      ],
    });
    const { stdout } = await world.run('status');
    expect(stdout.split('\n').slice(0, 5)).toEqual([
      'ATTENTION (version 1.2.3)',
      `CLIENT_STATE_KEYS lacks k0 (missing), which signed 1 watch of ${TENANT}. Next: subscriptions reconcile`,
      '1 message in the poison queue of print-notifications. Next: poison list',
      `Customer ${TENANT} refuses the app: words. Next: tenants show ${TENANT}`,
      'STATUS',
    ]);
    expect(stdout).toContain('2 live, 2 failing, 1 lapsed, 1 pending');
    expect(stdout).toContain('k0: missing, 1 watch');
    expect(stdout).toMatch(/print-notifications +1 +1 +10 min/);
    // One screen: 80 by 24 is the size of the smallest terminal.
    expect(stdout.split('\n').length).toBeLessThan(24);
  });

  it('counts no key for an expired subscription, and counts watches of inactive tenants separately', async () => {
    const world = createCliWorld();
    await world.addTenant();
    await world.addTenant(OTHER_TENANT, 'paused');
    const ended = '2026-11-21T23:00:00.000Z';
    await putServed(world);
    await putServed(world, { id: 'p2', subscriptionId: 's2', keyId: 'k0', expirationDateTime: ended });
    // A subscription in creation has a key and no expiry yet. A watch that is not reconciled has none in creation.
    await world.put({ id: 'p3', keyId: 'k1' });
    await world.put({ tenantId: OTHER_TENANT, id: 'p6', keyId: 'k0' });
    await world.put({ tenantId: OTHER_TENANT, kind: 'jobStarted', id: 'd7', keyId: 'k1' });
    const paused = { tenantId: OTHER_TENANT };
    await putServed(world, { ...paused, subscriptionId: 's4', keyId: 'k0', expirationDateTime: ended });
    await putServed(world, {
      ...paused,
      id: 'p5',
      subscriptionId: 's5',
      expirationDateTime: '2026-11-22T00:30:00.000Z',
    });
    expect((await world.runJson('status')).json).toMatchObject({
      watches: { live: 1, failing: 0, lapsed: 1, pending: 1 },
      watchesOfInactiveTenants: 4,
      keys: [{ keyId: 'k1', role: 'signs', watches: 4 }],
      minutesToNearestExpiry: 70 * 60,
    });
    expect((await world.run('status')).stdout).toContain('1 live, 1 lapsed, 1 pending; 4 of inactive tenants');
  });

  it('shows active tenants that were never swept', async () => {
    const world = createCliWorld();
    await world.addTenant();
    expect((await world.runJson('status')).json).toMatchObject({ neverSwept: 1 });
    expect((await world.run('status')).stdout).toMatch(/last sweep +never\n/);
    await world.addTenant(OTHER_TENANT);
    await world.tenants.update(TENANT, (row) => ({ ...row, sweptAt: START }));
    expect((await world.run('status')).stdout).toContain(`${START}; never for 1 active tenant`);
  });

  it('fits 80 by 24 with any number of failing tenants, and --json names them all', async () => {
    const world = createCliWorld();
    for (let n = 0; n < 30; n += 1) {
      const tenantId = `00000000-0000-0000-0000-${String(n).padStart(12, '0')}`;
      await world.addTenant(tenantId);
      await world.tenants.update(tenantId, (row) => ({ ...row, lastError: 'words '.repeat(100) }));
    }
    const { stdout } = await world.run('status');
    const lines = stdout.trimEnd().split('\n');
    const onScreen = lines.reduce((sum, { length }) => sum + Math.max(1, Math.ceil(length / 80)), 0);
    expect(onScreen).toBeLessThan(24);
    expect(stdout).toContain('Customer 00000000-0000-0000-0000-000000000000 refuses the app: words');
    expect(stdout).toContain('Next: tenants show 00000000-0000-0000-0000-000000000002');
    expect(stdout).toContain('27 more reasons: status --json');
    const { json } = await world.runJson('status');
    expect(json).toMatchObject({ tenantErrors: { length: 30 }, reasons: { length: 30 } });
  });

  it('counts held jobs, and names the hold that ends first', async () => {
    const world = createCliWorld();
    await world.addTenant();
    await world.addTenant(OTHER_TENANT, 'paused');
    const hold = async (tenantId: string, taskId: string, heldUntil: string) => {
      const reference = { kind: 'jobStarted', tenantId, definitionId: DEFINITION, taskId } as const;
      const firstSeenAt = START;
      await world.ledger.insert(reference, {
        ...{ status: 'held', phase: 'end', attempts: 1, foundBy: 'graph', firstSeenAt, heldUntil },
        ...{ definitionId: DEFINITION, taskId },
      });
    };
    await hold(TENANT, 'task-1', '2026-11-22T05:00:00.000Z');
    await hold(TENANT, 'task-2', '2026-11-22T03:00:00.000Z');
    await hold(OTHER_TENANT, 'task-3', '2026-11-22T04:00:00.000Z');
    const heldJobs = { count: 3, more: false, nextEnd: '2026-11-22T03:00:00.000Z' };
    expect((await world.runJson('status')).json).toMatchObject({ heldJobs });
    const { code, stdout } = await world.run('status', '--check');
    expect(code).toBe(0);
    expect(stdout).toMatch(/held jobs +3; the next hold ends 2026-11-22T03:00:00.000Z/);
  });

  it('names rules that cannot be read with what ends jobs meanwhile, and --check fails', async () => {
    const world = createCliWorld();
    await world.addTenant();
    await world.addTenant(OTHER_TENANT);
    const blob = `rules/${TENANT}.json`;
    await world.configBlobs.write(blob, '{ "version": 2 }');
    await world.tenants.update(TENANT, (row) => ({ ...row, onFailure: 'abort' }));
    const own = {
      blob,
      tenantIds: [TENANT],
      onFailure: ['abort'],
      problem: expect.stringContaining('line 1') as string,
    };
    expect(await world.runJson('status', '--check')).toMatchObject({ code: 1, json: { unreadableRules: [own] } });
    await world.configBlobs.write('rules/default.json', 'no JSON');
    const { code, stdout } = await world.run('status');
    expect(code).toBe(0);
    expect(stdout).toContain(`${blob} cannot be read: line 1`);
    expect(stdout).toContain(`Next: rules pull --tenant ${TENANT}\n`);
    expect(stdout).toContain('onFailure (release) ends jobs of 1 customer. Next: rules pull\n');
    expect((await world.runJson('status')).json).toMatchObject({
      reasons: [{ reason: 'unreadableRules' }, { reason: 'unreadableRules', next: 'rules pull' }],
      unreadableRules: [own, { blob: 'rules/default.json', tenantIds: [OTHER_TENANT], onFailure: ['release'] }],
    });
  });

  it('names rules that storage does not deliver, and says nothing of paused customers', async () => {
    const world = createCliWorld();
    await world.addTenant();
    await world.addTenant(OTHER_TENANT, 'paused');
    world.configBlobs.read = () => Promise.reject(new ReceiverError('blobsUnavailable', 'Blob storage did not answer'));
    const { code, json } = await world.runJson('status', '--check');
    expect(code).toBe(1);
    expect(json).toMatchObject({
      reasons: [{ reason: 'rulesNotDelivered', next: 'doctor' }],
      unreadableRules: [{ cause: 'storage', problem: 'Blob storage did not answer', tenantIds: [TENANT] }],
    });
    // Jobs wait for storage: the choice for failures ends none of them yet.
    expect((await world.run('status')).stdout).not.toContain('onFailure');
  });

  it('names the hosts outside the clouds of Microsoft that the settings trust', async () => {
    const world = createCliWorld();
    const env = { ...CLI_ENV, TRUSTED_HOSTS: 'https://graph.example,https://login.example' };
    const trusting = createCliWorld({ env });
    expect((await trusting.run('status')).stdout).toMatch(
      /trusted hosts +https:\/\/graph.example, https:\/\/login.example/,
    );
    expect(await trusting.runJson('status')).toMatchObject({
      json: { trustedHosts: ['https://graph.example', 'https://login.example'] },
    });
    expect((await world.run('status')).stdout).not.toContain('trusted hosts');
  });

  it('shows where events are delivered, without the path and query of the URL, and how many are dead', async () => {
    const env = {
      ...CLI_ENV,
      EVENTS_SINK_WEBHOOK_URL: 'https://events.example:8443/hidden?code=hidden',
      EVENTS_SINK_WEBHOOK_SECRETS: `whsec_${testKey(3).toString('base64')}`,
    };
    const world = createCliWorld({ env });
    expect((await world.run('status')).stdout).not.toContain('print-job-events-dead');
    for (const name of ['dead', 'dead', 'waiting']) await world.queue(`print-job-events-${name}`).send('{}');
    const { stdout } = await world.run('status');
    expect(stdout).toMatch(/events are delivered to +webhook events.example:8443\n/);
    expect(stdout).toMatch(/print-job-events-dead +2/);
    expect(stdout).toMatch(/print-job-events-waiting +1/);
    const { json } = await world.runJson('status');
    expect(json).toMatchObject({
      sink: { kind: 'webhook', host: 'events.example:8443' },
      queues: expect.arrayContaining([{ queue: 'print-job-events-dead', waiting: 2 }]) as unknown,
    });
    expect(`${stdout} ${JSON.stringify(json)}`).not.toMatch(/hidden|whsec_/);
    const EVENTS_SINK_EVENT_GRID_ENDPOINT = 'https://topic.westeurope-1.eventgrid.azure.net/api/events';
    const grid = createCliWorld({ env: { ...CLI_ENV, EVENTS_SINK_EVENT_GRID_ENDPOINT } });
    expect((await grid.run('status')).stdout).toMatch(/Event Grid topic.westeurope-1.eventgrid.azure.net\n/);
  });

  it('shows a new service', async () => {
    const world = createCliWorld({
      env: {
        AzureWebJobsStorage: 'UseDevelopmentStorage=true',
        ENTRA_CLIENT_ID: '55555555-5555-5555-5555-555555555555',
        GRAPH_CREDENTIAL: 'development',
        GRAPH_BASE_URL: 'http://127.0.0.1:7080/v1.0',
        CLIENT_STATE_KEYS: `k2:${testKey(2).toString('base64')},k1:${testKey(1).toString('base64')}`,
        PUBLIC_BASE_URL: 'https://receiver.example/api',
      },
    });
    await world.tenantTable.insert({ partitionKey: 'tenant', rowKey: 'broken' });
    const { code, stdout, stderr } = await world.run('status');
    expect(code).toBe(0);
    expect(stderr).toMatch(/^warning: .*table Tenants/);
    expect(stdout).toMatch(/last sweep +never/);
    expect(stdout).toMatch(/tenants +none/);
    expect(stdout).toContain('k2: signs, 0 watches; k1: verifies, 0 watches, may be removed');
  });

  describe('says of a key that verifies', () => {
    const env = { ...CLI_ENV, CLIENT_STATE_KEYS: `k2:${testKey(2).toString('base64')},${CLI_ENV.CLIENT_STATE_KEYS}` };
    const old = createMessageSigner([{ keyId: 'k1', key: testKey(7) }], 'print-notifications').sign('{"event":{}}');
    const keyOf = async (world: ReturnType<typeof createCliWorld>) => {
      const { json } = await world.runJson('status');
      return { shown: (await world.run('status')).stdout, key: (json as { keys: object[] }).keys[1] };
    };

    it('that it may be removed once no row and no message is signed with it', async () => {
      const { shown, key } = await keyOf(createCliWorld({ env }));
      expect(key).toEqual({ keyId: 'k1', role: 'verifies', watches: 0, tokens: 0, messages: 0, removable: true });
      expect(shown).toContain('k1: verifies, 0 watches, may be removed');
    });

    it.each(['print-notifications', 'print-notifications-poison'])('how many messages of %s need it', async (name) => {
      const world = createCliWorld({ env });
      await world.queue(name).send(old);
      const { shown, key } = await keyOf(world);
      expect(key).toMatchObject({ messages: 1, removable: false });
      expect(shown).toContain('k1: verifies, 0 watches, 1 message');
      expect(shown).not.toContain('may be removed');
    });

    it('that messages which cannot be seen may need it', async () => {
      const world = createCliWorld({ env });
      await world.queue('subscription-events').send(old);
      await world.queue('subscription-events').take(60);
      const { shown, key } = await keyOf(world);
      expect(key).toMatchObject({ messages: 0, removable: false });
      expect(shown).toContain('k1: verifies, 0 watches, perhaps some of 1 message that cannot be seen');
    });

    it('that a watch needs it', async () => {
      const world = createCliWorld({ env });
      await world.addTenant();
      await putServed(world);
      expect((await keyOf(world)).key).toMatchObject({ watches: 1, removable: false });
    });
  });

  it('names wrong settings and counts the messages that the app holds meanwhile', async () => {
    const reference = '@Microsoft.KeyVault(SecretUri=https://vault.example/secrets/one/)';
    const world = createCliWorld({
      env: { ...CLI_ENV, ENTRA_CLIENT_ID: '', APPLICATIONINSIGHTS_CONNECTION_STRING: reference },
    });
    await world.queue('print-notifications').send('x');
    const { code, stdout, stderr } = await world.run('status');
    expect(code).toBe(1);
    expect(stderr).toContain('error: 2 settings to correct:\n');
    expect(stderr).toContain('  ENTRA_CLIENT_ID is missing');
    expect(stderr).toContain('  APPLICATIONINSIGHTS_CONNECTION_STRING is a reference that was not resolved');
    expect(stderr).toContain('Until then the app holds its messages');
    expect(stdout).toMatch(/^ATTENTION \(version 1\.2\.3\)\n[^]*print-notifications +1 +0/);
    expect(await world.runJson('status')).toMatchObject({
      code: 1,
      json: {
        settings: expect.arrayContaining([expect.stringContaining('ENTRA_CLIENT_ID')]) as unknown,
        state: 'ATTENTION',
        reasons: [
          {
            reason: 'settingsInvalid',
            problem: expect.stringMatching(/^2 settings to correct: .*ENTRA_CLIENT_ID is missing/) as unknown,
            next: 'doctor',
          },
        ],
        queues: expect.arrayContaining([
          { queue: 'print-notifications', waiting: 1, poison: 0, oldestWaitingMinutes: 0 },
        ]) as unknown,
      },
    });
  });

  it('fails with the settings alone when the queues cannot be opened either', async () => {
    const world = createCliWorld({ env: { ...CLI_ENV, ENTRA_CLIENT_ID: '' } });
    world.queue('print-job-events').count = () => Promise.reject(new Error('closed'));
    const { code, stdout, stderr } = await world.run('status');
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(/^error: 1 setting to correct:\n  ENTRA_CLIENT_ID is missing/);
  });
});

describe('status, with a wrong signing key', () => {
  const changed = { ...CLI_ENV, CLIENT_STATE_KEYS: `k1:${testKey(9).toString('base64')}` };

  it('names the customers whose watches a key has signed that is missing now, or has another value', async () => {
    const world = createCliWorld({ env: changed });
    await world.addTenant();
    const keyCheck = keyCheckOf({ keyId: 'k1', key: testKey(7) });
    await putServed(world, { keyCheck });
    await putServed(world, { id: 'p2', subscriptionId: 's2', keyId: 'k0', keyCheck });
    // Another value, but expired: nothing is refused.
    await putServed(world, {
      id: 'p3',
      subscriptionId: 's3',
      keyCheck,
      expirationDateTime: '2026-11-21T23:00:00.000Z',
    });
    const right = keyCheckOf({ keyId: 'k1', key: testKey(9) });
    await putServed(world, { id: 'p4', subscriptionId: 's4', keyCheck: right });
    const { json, stderr } = await world.runJson('status');
    expect(json).toMatchObject({
      wrongKeys: [
        { tenantId: TENANT, keyId: 'k1', problem: 'changed' },
        { tenantId: TENANT, watch: 'jobFetchable_p2', keyId: 'k0', problem: 'missing' },
      ],
    });
    expect(stderr).toBe('');
    const [verdict, reason = ''] = (await world.run('status')).stdout.split('\n');
    expect(verdict).toBe('ATTENTION (version 1.2.3)');
    expect(reason).toContain('CLIENT_STATE_KEYS lacks k1 (changed) and 1 more, which signed 2 watches of 11111111-');
    expect(reason).toMatch(/Next: subscriptions reconcile$/);
  });

  it('is silent while every key is right', async () => {
    const world = createCliWorld();
    await world.addTenant();
    await putServed(world, { keyCheck: keyCheckOf({ keyId: 'k1', key: testKey(7) }) });
    expect((await world.runJson('status')).json).toMatchObject({ state: 'OK', reasons: [], wrongKeys: [] });
    expect((await world.run('status')).stdout).toMatch(/^OK \(version 1\.2\.3\)\nSTATUS/);
  });
});
