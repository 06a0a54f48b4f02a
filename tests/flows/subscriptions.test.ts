import { openTables } from '../../shared/storage/tables';
import { TABLE_NAMES } from '../../shared/storage/account';
import { eventually } from '../support/eventually';
import { runCommand } from '../support/runCommand';
import { startFlow, type Flow } from '../support/startFlow';

const TENANT = '11111111-1111-1111-1111-111111111111';
const HOUR = 60 * 60_000;

interface ListedWatch {
  kind: string;
  subscriptionId: string;
  state: string;
  lastError?: string;
}

/** Watches from the command line to Graph, and what the app does about them by itself, on a clock that is moved. */
describe('subscriptions through the built app', () => {
  let flow: Flow;
  let printerId: string;
  beforeAll(async () => {
    flow = await startFlow({ clock: true, timers: true });
    await flow.control.createTenant({ tenantId: TENANT });
    printerId = (await flow.control.createPrinter(TENANT, { displayName: 'Printer' })).id;
  }, 60_000);
  afterAll(() => flow.stop(), 30_000);

  /** The command as an operator runs it. */
  const cli = (...argv: string[]) => cliWith({}, ...argv);
  const cliWith = (own: Record<string, string>, ...argv: string[]) =>
    runCommand(argv, { env: { ...flow.cloud.environment, ...own } });
  const cliJson = async <T>(...argv: string[]): Promise<T> => {
    const { code, stdout, stderr } = await cli(...argv, '--json');
    if (code !== 0) throw new Error(`${argv.join(' ')} ended with ${code}: ${stderr}`);
    return JSON.parse(stdout) as T;
  };
  const calls = async (method: string) =>
    (await flow.control.calls()).filter((call) => call.method === method && /\/subscriptions/.test(call.path));
  const renew = () => flow.runNow('renewSubscriptions');

  it('onboards a customer by CLI; Graph shakes hands with both routes', async () => {
    await cliJson('tenants', 'add', TENANT, '--name', 'First customer');
    const { id } = await cliJson<{ id: string }>('definitions', 'create', '--tenant', TENANT, '--name', 'Accounting');
    await cliJson('subscriptions', 'add', '--tenant', TENANT, '--definition', id);
    const { stdout, code } = await cli('subscriptions', 'add', '--tenant', TENANT, '--printer', printerId);
    expect(code).toBe(0);
    expect(stdout).toContain('is now watched');
    const listed = await cliJson<ListedWatch[]>('subscriptions', 'list');
    expect(listed.map(({ kind, state }) => [kind, state])).toEqual([
      ['jobFetchable', 'live'],
      ['jobStarted', 'live'],
    ]);
    const base = flow.cloud.settings['PUBLIC_BASE_URL'] ?? '';
    const { subscriptions } = await flow.control.state();
    expect(subscriptions).toHaveLength(2);
    for (const subscription of subscriptions) {
      expect(subscription).toMatchObject({
        notificationUrl: `${base}/notifications`,
        lifecycleNotificationUrl: `${base}/lifecycle`,
      });
    }
  }, 60_000);

  it('prints tables within the 80 columns of a terminal, ids whole, and status within its 24 lines', async () => {
    // Node alone has no pseudo terminal. Its own stream says that it is one.
    const isTerminal = 'Object.assign(process.stdout,{isTTY:true,columns:80})';
    const terminal = { NODE_OPTIONS: `--import=data:text/javascript,${isTerminal}`, NO_COLOR: '1' };
    const listed = await cliWith(terminal, 'subscriptions', 'list');
    expect(listed).toMatchObject({ code: 0, stderr: '' });
    expect(listed.stdout).toContain(printerId);
    expect(listed.stdout).toContain(TENANT);
    expect((await cli('subscriptions', 'list')).stdout.split('\n')[1]?.length).toBeGreaterThan(100);
    const status = await cliWith(terminal, 'status');
    expect(status).toMatchObject({ code: 0, stderr: '' });
    expect(status.stdout.split('\n').length).toBeLessThanOrEqual(24);
    for (const line of (listed.stdout + status.stdout).split('\n')) expect(line.length).toBeLessThanOrEqual(80);
  }, 60_000);

  it('renews each by one PATCH an hour', async () => {
    flow.cloud.clock?.move(HOUR);
    // The timer itself is due: an hour is more than its 10 minutes.
    await eventually('two PATCHes', async () => ((await calls('PATCH')).length >= 2 ? true : undefined));
    await renew();
    const patched = await calls('PATCH');
    expect(patched.map(({ status }) => status)).toEqual([200, 200]);
    expect(new Set(patched.map(({ path }) => path)).size).toBe(2);
  }, 60_000);

  it('recreates one that Graph lost, although another fails, and puts the failure in words on its row', async () => {
    const before = await cliJson<ListedWatch[]>('subscriptions', 'list');
    const lost = before.find(({ kind }) => kind === 'jobStarted')?.subscriptionId ?? '';
    const kept = before.find(({ kind }) => kind === 'jobFetchable')?.subscriptionId ?? '';
    await flow.control.dropSubscription(lost);
    await flow.control.addFault({
      method: 'PATCH',
      pathPattern: kept,
      count: -1,
      action: { type: 'status', status: 403 },
    });
    flow.cloud.clock?.move(HOUR);
    await renew();
    const after = await cliJson<ListedWatch[]>('subscriptions', 'list');
    const started = after.find(({ kind }) => kind === 'jobStarted');
    expect(started).toMatchObject({ state: 'live' });
    expect(started?.subscriptionId).not.toBe(lost);
    const failing = after.find(({ kind }) => kind === 'jobFetchable');
    expect(failing).toMatchObject({ state: 'failing', subscriptionId: kept });
    // api/subscription-post-subscriptions.md: JobFetchable needs Printer.Read.All.
    expect(failing?.lastError).toContain('Printer.Read.All');

    await flow.control.clearFaults();
    const { code, stderr } = await cli('subscriptions', 'reconcile', '--retry-now');
    expect(code).toBe(0);
    expect(stderr).toContain(`jobFetchable_${printerId}: renewed`);
  }, 60_000);

  it('answers reauthorizationRequired by PATCH, at the end of the 10 minutes after the last one', async () => {
    const [watch] = await cliJson<ListedWatch[]>('subscriptions', 'list');
    await flow.control.clearCalls();
    await flow.control.sendLifecycle({
      subscriptionId: watch?.subscriptionId ?? '',
      lifecycleEvent: 'reauthorizationRequired',
    });
    await flow.untilQuiet();
    await renew();
    expect(await calls('PATCH')).toHaveLength(0);
    flow.cloud.clock?.move(10 * 60_000);
    await eventually('the PATCH', async () => ((await calls('PATCH')).length > 0 ? true : undefined));
    await flow.untilQuiet();
    expect((await calls('PATCH')).map(({ path }) => path)).toEqual([
      expect.stringContaining(watch?.subscriptionId ?? 'none'),
    ]);
    expect((await flow.control.calls()).some(({ path }) => path.includes('reauthorize'))).toBe(false);
  }, 60_000);

  it('recreates after subscriptionRemoved, at once', async () => {
    const [watch] = await cliJson<ListedWatch[]>('subscriptions', 'list');
    const id = watch?.subscriptionId ?? '';
    // The event is on its way when the subscription is already gone.
    await flow.control.setDelivery({ delayMs: 500 });
    await flow.control.sendLifecycle({ subscriptionId: id, lifecycleEvent: 'subscriptionRemoved' });
    await flow.control.dropSubscription(id);
    await eventually('the new subscription', async () => {
      const ids = (await flow.control.state()).subscriptions.map((subscription) => subscription.id);
      return ids.length === 2 && !ids.includes(id) ? true : undefined;
    });
  }, 60_000);

  /** Deletes every row, as another region begins without them. */
  async function emptyTables(): Promise<void> {
    const openTable = await openTables({ connectionString: flow.cloud.connectionString });
    for (const name of Object.values(TABLE_NAMES)) {
      const table = openTable(name);
      for await (const { cells, etag } of table.list()) {
        await table.remove(String(cells['partitionKey']), String(cells['rowKey']), etag);
      }
    }
  }

  it('import rebuilds the watches of an emptied storage, and no job of the time between is lost', async () => {
    const fetchable = async () =>
      (await flow.events()).filter(({ type }) => type === 'print.job.fetchable').map(({ data }) => data['jobId']);
    await flow.untilQuiet();
    await flow.control.print(TENANT, { printerId, count: 1 });
    const [before] = await eventually('the event before', async () => {
      const seen = await fetchable();
      return seen.length > 0 ? seen : undefined;
    });
    await flow.untilQuiet();
    await emptyTables();
    await flow.cloud.restartHost();
    expect(await cliJson('subscriptions', 'list')).toEqual([]);
    // The app knows neither the customer nor the watch: no event.
    await flow.control.print(TENANT, { printerId, count: 1 });
    await flow.untilQuiet();
    expect(await fetchable()).toEqual([before]);

    await cliJson('tenants', 'add', TENANT, '--name', 'First customer');
    const lost = (await flow.control.state()).subscriptions.map(({ id }) => id);
    const imported = await cli('subscriptions', 'import');
    expect(imported.code).toBe(0);
    expect(imported.stdout).toContain('2 subscriptions of 1 customer at Graph, 2 imported.');
    const { subscriptions } = await flow.control.state();
    expect(subscriptions).toHaveLength(2);
    expect(subscriptions.filter(({ id }) => lost.includes(id))).toEqual([]);
    expect((await cliJson<ListedWatch[]>('subscriptions', 'list')).map(({ kind, state }) => [kind, state])).toEqual([
      ['jobFetchable', 'live'],
      ['jobStarted', 'live'],
    ]);
    // The ledger is lost too: the event of the first job is repeated, with the same id.
    const all = await eventually('the events after', async () => {
      const seen = await fetchable();
      return seen.length >= 3 ? seen : undefined;
    });
    expect(all.filter((jobId) => jobId === before)).toHaveLength(2);
    expect(new Set(all).size).toBe(2);
    expect(new Set((await flow.events()).map(({ id }) => id)).size).toBe(2);

    await flow.control.print(TENANT, { printerId, count: 1 });
    await eventually('the event of a new job', async () => ((await fetchable()).length >= 4 ? true : undefined));
    expect(await cliJson('subscriptions', 'import')).toMatchObject({
      subscriptions: [{ result: 'known' }, { result: 'known' }],
      reconciled: { counts: { nothing: 2, replaced: 0 } },
    });
    expect(await cliJson('status')).toMatchObject({ state: 'OK', watches: { live: 2 } });
  }, 120_000);
});
