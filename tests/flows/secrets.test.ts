import { eventually } from '../support/eventually';
import { storeRules } from '../support/flowRules';
import { rulesBlobOf } from '../../shared/rules/storedRules';
import { bodyOf, fetchableItem, startedItem } from '../support/notifications';
import { post } from '../support/post';
import { startFlow, type Customer, type Flow } from '../support/startFlow';
import { testKey } from '../support/testKey';

const CLIENT_SECRET = 'only-the-simulator-takes-this';
const SINK_SECRET = `whsec_${testKey(3).toString('base64')}`;
const DOCUMENT = 'Payslip of Grace.pdf';
const USER = { id: null, displayName: 'Grace Hopper', userPrincipalName: 'grace@customer.example' };
const MARK = 'marked-as-secret';

jest.setTimeout(120_000);

/**
 * What the app logs and exports in a flow that meets each kind of success and failure. None of it may hold a secret, or anything
 * about a person or a document.
 */
describe('nothing secret is logged or exported', () => {
  let flow: Flow;
  let customer: Customer;
  const logged: string[] = [];
  const secrets = new Map<string, string>();

  const host = () => {
    const [first] = flow.cloud.hosts;
    if (!first) throw new Error('No host');
    return first;
  };
  /** Ends the host, whose worker exports what it has, and keeps its lines. */
  const endHost = async () => {
    await flow.untilQuiet();
    await host().stop();
    logged.push(...host().lines());
  };

  beforeAll(async () => {
    flow = await startFlow({
      proxy: true,
      telemetry: true,
      settings: {
        GRAPH_CREDENTIAL: 'secret',
        ENTRA_CLIENT_SECRET: CLIENT_SECRET,
        // A sink that never answers: each delivery fails.
        EVENTS_SINK_WEBHOOK_URL: `http://127.0.0.1:9/events?code=${MARK}-sink`,
        EVENTS_SINK_WEBHOOK_SECRETS: SINK_SECRET,
      },
    });
    customer = await flow.onboard(['jobStarted', 'jobFetchable']);
    const { CLIENT_STATE_KEYS = '', AzureWebJobsStorage = '' } = flow.cloud.settings;
    const [account = ''] = /AccountKey=[^;]+/.exec(AzureWebJobsStorage) ?? [];
    const found = Object.entries({
      'the client secret': CLIENT_SECRET,
      'the secret of the sink': SINK_SECRET,
      'the key of the sink': testKey(3).toString('base64'),
      'the signing key': CLIENT_STATE_KEYS.split(':')[1] ?? '',
      'the key of the storage account': account.slice('AccountKey='.length),
      'the function key': flow.cloud.functionKey,
      'the name of a document': DOCUMENT,
      'the name of a user': USER.displayName,
      'the address of a user': USER.userPrincipalName,
      'text from outside': MARK,
      // The simulator's download addresses are pre-authenticated by this parameter, and its tokens are JWTs.
      'a download address': 'tempauthtoken',
      'a token': 'eyJ',
      'an authorization': 'Bearer ',
    });
    for (const [name, text] of found) secrets.set(name, text);
    for (const [index, { clientState }] of (await flow.control.subscriptions()).entries())
      secrets.set(`clientState ${index}`, clientState ?? '');
  }, 60_000);
  afterAll(() => flow.stop(), 30_000);

  const print = async ({ tenantId, printerId } = customer) => {
    const documents = [{ displayName: DOCUMENT, size: 100_000, contentType: 'application/pdf' }];
    await flow.control.print(tenantId, { printerId, documents, user: USER, configuration: { note: MARK } });
    await flow.untilQuiet();
  };

  it('jobs whose documents are archived, with and without a failure of the download', async () => {
    const archiving = await flow.onboard(['jobFetchable'], { trigger: false });
    const rules = [{ name: 'keep all', on: 'jobFetchable', then: { archive: {} } }];
    const blobs = await flow.services.configBlobs();
    await blobs.write(rulesBlobOf(archiving.tenantId), JSON.stringify({ version: 1, rules }));
    await flow.control.addFault({ target: 'download', action: { type: 'status', status: 403 }, count: 1 });
    for (let job = 0; job < 2; job += 1) await print(archiving);
    const calls = await flow.control.calls({ target: 'download' });
    expect(calls.map(({ status }) => status)).toEqual(expect.arrayContaining([200, 403]));
  });

  it('jobs that are released and held, with and without failures of Graph', async () => {
    await print();
    await storeRules(flow, customer, { hold: { for: '4h', else: 'abort' } });
    for (const action of [
      { type: 'status', status: 403 },
      { type: 'status', status: 404 },
      { type: 'status', status: 500 },
      { type: 'reset' },
    ] as const) {
      await flow.control.addFault({ target: 'graph', pathPattern: '/print/', action, count: 8 });
      await print();
      await flow.control.clearFaults();
    }
    await flow.control.addFault({
      ...{ target: 'graph', pathPattern: '/print/', count: 2 },
      action: { type: 'status', status: 429, retryAfterSeconds: 1 },
    });
    await print();
    await flow.control.clearFaults();
    await flow.control.addFault({ target: 'token', action: { type: 'status', status: 401 }, count: 3 });
    await flow.runNow(['renewSubscriptions', 'sweepJobs', 'recoverJobs', 'deliverWaitingEvents', 'applyRetention']);
    await flow.control.clearFaults();
    expect(flow.logged('job.processed').length).toBeGreaterThan(0);
  });

  it('notifications that are refused, and bodies of any form', async () => {
    const [{ clientState = '' } = {}] = await flow.control.subscriptions();
    const { tenantId } = customer;
    for (const body of [
      MARK,
      `{"value":[{"clientState":"${MARK}","tenantId":"${MARK}"}]}`,
      bodyOf(startedItem({ clientState: `${clientState ?? ''}x`, tenantId })),
      bodyOf(startedItem({ clientState, tenantId, resource: `print/${MARK}` })),
      bodyOf(startedItem({ clientState, tenantId, resource: `users/${MARK}/x`, lifecycleEvent: MARK })),
      bodyOf(fetchableItem({ clientState: `${MARK}.0.tag.mac`, tenantId })),
    ]) {
      await post(`${flow.notificationsUrl}?code=${MARK}`, body);
    }
    await post(`${flow.notificationsUrl}?${new URLSearchParams({ validationToken: MARK }).toString()}`, '');
    expect(flow.logged('notifications.received').length).toBeGreaterThanOrEqual(6);
  });

  it('messages that something else wrote, and calls of devices and backends that are refused', async () => {
    for (const queue of ['print-notifications', 'subscription-events', 'print-archive'])
      await flow.queues.put(queue, { event: { v: 1, kind: MARK, tenantId: MARK, jobId: MARK } });
    // Signed as ours, and malformed: the run fails, so that its span is exported whatever its trace.
    const jobs = await flow.services.queue('print-notifications');
    await jobs.send(
      JSON.stringify({ event: { v: 1, kind: MARK, tenantId: customer.tenantId, taskId: `${MARK} ${MARK}` } }),
    );
    const call = (path: string, headers: Record<string, string>) =>
      fetch(`${host().url}/api/${path}`, {
        ...{ method: 'POST', body: JSON.stringify({ user: MARK, card: MARK }) },
        headers: { 'content-type': 'application/json', ...headers },
      });
    await call('device/jobs/search', { authorization: `Bearer ${MARK}` });
    await call('device/jobs/search', {});
    await call('jobs/search', { 'x-functions-key': flow.cloud.functionKey });
    await fetch(`${host().url}/api/consent?state=${MARK}&error=access_denied&error_description=${MARK}`);
    await flow.untilQuiet();
    expect(flow.logged('message.refused').length).toBeGreaterThan(0);
  });

  it('storage that fails, and settings that are wrong', async () => {
    const drop = flow.cloud.proxy?.fault({
      ...{ match: ({ effect }) => effect.startsWith('table.'), when: 'before', action: 'drop', count: 20 },
    });
    await flow.control.print(customer.tenantId, { printerId: customer.printerId, user: USER });
    await flow.runNow(['recoverJobs']);
    drop?.cancel();
    await endHost();
    await flow.cloud.restartHost(0, { CLIENT_STATE_KEYS: `k1:${MARK}`, PUBLIC_BASE_URL: `ftp://${MARK}` });
    await post(flow.notificationsUrl, bodyOf(startedItem()));
    await flow.start(['recoverJobs']);
    await eventually('the failure of the timer', () => flow.logged('function.failed')[1]);
    await endHost();
    expect(logged.join('\n')).toContain('configInvalid');
  });

  it('of all of this, neither log nor export has a secret, a name or text from outside', () => {
    const { telemetry } = flow.cloud;
    const exported = telemetry?.received() ?? [];
    const tables = (['AppMetrics', 'AppRequests'] as const).filter((table) => telemetry?.rows(table).length === 0);
    expect({ tables, refused: telemetry?.answers().filter(({ status }) => status !== 200) }).toEqual({
      tables: [],
      refused: [],
    });
    const written = [...logged.map((line) => `log: ${line}`), ...exported.map((text) => `export: ${text}`)];
    const leaks = [...secrets].flatMap(([name, text]) =>
      written.flatMap((line) => (text !== '' && line.includes(text) ? [`${name} in ${line.slice(0, 2_000)}`] : [])),
    );
    expect(leaks).toEqual([]);
    expect([...secrets.values()].filter((text) => text === '')).toEqual([]);
  });
});
