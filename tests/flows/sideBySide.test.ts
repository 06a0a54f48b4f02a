import { randomBytes } from 'node:crypto';
import type { StoredWatch, WatchKind } from '../../shared/watches/watches';
import { runCliCommand } from '../../local/processes';
import { eventually } from '../support/eventually';
import { ROOT, startFlow, type Flow } from '../support/startFlow';

const HOUR = 60 * 60_000;
const TENANTS = 2;
/** Of each kind and tenant. */
const WATCHES_OF_A_KIND = 3;
const WATCHES = TENANTS * 2 * WATCHES_OF_A_KIND;
/** The timers of two instances, and the command line. */
const RUNS = 3;
/** Creates of one tenant side by side in each run (shared/subscriptions/reconcileTenant.ts). */
const CREATES_AT_ONCE = 4;

/**
 * Three processes that look after the same watches at the same moment. All of them have read the rows before any of
 * them has written one, which is the sharpest race there is. Whether Graph refuses a second subscription of the same
 * resource is documented (409) and contradicted by users, so both readings are tried: without the 409, nothing but the
 * rows keeps two creates apart.
 */
describe('two timers and the command line beside each other', () => {
  let flow: Flow;
  const tenantIds: string[] = [];
  let settings: Record<string, string> = {};
  beforeAll(async () => {
    flow = await startFlow({ clock: true, proxy: true, hosts: 2 });
    for (let n = 0; n < TENANTS; n += 1) tenantIds.push((await flow.onboard([])).tenantId);
  }, 60_000);
  afterAll(() => flow.stop(), 30_000);

  const command = (...argv: string[]) =>
    runCliCommand(ROOT, { ...flow.cloud.environment, ...settings }, ['subscriptions', ...argv]);
  const startTimer = async (index: number) => {
    const url = `${flow.cloud.hosts[index]?.url ?? ''}/admin/functions/renewSubscriptions`;
    const headers = { 'content-type': 'application/json', 'x-functions-key': flow.cloud.functionKey };
    const { status } = await fetch(url, { method: 'POST', headers, body: '{}' });
    expect(status).toBe(202);
  };
  /** Lets all three begin, holds their writes of the watches until there are `held`, and waits for the end. */
  const allAtOnce = async (
    write: 'table.update' | 'removal',
    held: number,
    whileHeld: () => Promise<unknown> = () => Promise.resolve(),
  ) => {
    const gate = flow.cloud.proxy?.fault({
      // A removal leaves a row that says so.
      match: ({ effect, resource, bodyText = '' }) =>
        effect === 'table.update' &&
        resource === 'Subscriptions' &&
        (write === 'table.update' || bodyText.includes('"status":"removed"')),
      when: 'before',
      action: 'hold',
      count: Infinity,
    });
    const open = async () => {
      try {
        await Promise.all([startTimer(0), startTimer(1)]);
        await eventually(`${held} writes`, () => (gate?.hits().length === held ? true : undefined));
        await whileHeld();
      } finally {
        gate?.cancel();
      }
    };
    await Promise.all([command('reconcile', '--retry-now'), open()]);
    await flow.untilQuiet();
  };
  const restartHosts = async (over: Record<string, string>) => {
    settings = { ...settings, ...over };
    await Promise.all([flow.cloud.restartHost(0, settings), flow.cloud.restartHost(1, settings)]);
  };
  const rows = async (): Promise<StoredWatch[]> => {
    const found: StoredWatch[] = [];
    for await (const stored of (await flow.services.watches()).list()) found.push(stored);
    return found;
  };
  const live = async () =>
    (await flow.control.subscriptions()).map(({ id, tenantId, resource }) => `${tenantId} ${resource} ${id}`);
  /** Graph has exactly the subscriptions that the rows name; gives their ids. */
  const oneOfEach = async (watches = WATCHES) => {
    const stored = await rows();
    expect(stored).toHaveLength(watches);
    expect((await live()).sort()).toEqual(
      stored.map(({ watch }) => `${watch.tenantId} ${watch.resource ?? ''} ${watch.subscriptionId ?? ''}`).sort(),
    );
    return stored.map(({ watch }) => watch.subscriptionId);
  };
  const add = async (tenantId: string, kind: WatchKind, id: string) =>
    (await flow.services.watches()).add({
      ...{ tenantId, kind, id, wanted: true, generation: 0, failures: 0 },
      since: new Date(Date.now() + (flow.cloud.clock?.offset() ?? 0)).toISOString(),
    });

  describe.each([true, false])('with Graph refusing a second one: %s', (enforce409) => {
    beforeAll(() => flow.control.setVariants({ enforce409 }));

    it('many new watches get one subscription each', async () => {
      for (const tenantId of tenantIds) {
        for (let n = 0; n < WATCHES_OF_A_KIND; n += 1) {
          const printer = await flow.control.createPrinter(tenantId, { displayName: `Printer ${n}` });
          const definition = await flow.control.createDefinition(tenantId, { displayName: `Receiver ${n}` });
          await add(tenantId, 'jobFetchable', printer.id);
          await add(tenantId, 'jobStarted', definition.id);
        }
      }
      await allAtOnce('table.update', RUNS * TENANTS * CREATES_AT_ONCE);
      await oneOfEach();
    }, 60_000);

    it('a subscription that Graph lost is recreated once', async () => {
      const before = await oneOfEach();
      expect(await flow.control.loseSubscriptions({ rate: 1 })).toHaveLength(WATCHES);
      flow.cloud.clock?.move(HOUR);
      await allAtOnce('table.update', RUNS * TENANTS * CREATES_AT_ONCE);
      const after = await oneOfEach();
      expect(after.filter((id) => before.includes(id))).toEqual([]);
    }, 60_000);

    it('a key that left the ring is replaced once', async () => {
      const before = await oneOfEach();
      await restartHosts({
        CLIENT_STATE_KEYS: `key-${enforce409 ? 1 : 2}:${randomBytes(32).toString('base64')}`,
      });
      // One watch of each tenant goes before the others.
      await allAtOnce('table.update', RUNS * TENANTS);
      const after = await oneOfEach();
      expect(after.filter((id) => before.includes(id))).toEqual([]);
    }, 60_000);

    it('a changed URL is replaced once', async () => {
      const host = enforce409 ? 'localhost' : '127.0.0.1';
      const url = new URL(flow.cloud.settings['PUBLIC_BASE_URL'] ?? '');
      url.hostname = host;
      await restartHosts({ PUBLIC_BASE_URL: url.href });
      await allAtOnce('table.update', RUNS * TENANTS);
      await oneOfEach();
      const urls = (await flow.control.subscriptions()).map(({ notificationUrl }) => notificationUrl);
      expect(new Set(urls)).toEqual(new Set([`${url.href}/notifications`]));
    }, 60_000);

    it('those who come while another is waiting for Graph make none of their own', async () => {
      expect(await flow.control.loseSubscriptions({ rate: 1 })).toHaveLength(WATCHES);
      flow.cloud.clock?.move(HOUR);
      await flow.control.addFault({
        ...{ method: 'POST', pathPattern: '/subscriptions$', count: -1 },
        action: { type: 'delay', ms: 700 },
      });
      await flow.control.clearCalls();
      const isCreate = ({ method, path }: { method: string; path: string }) =>
        method === 'POST' && path.endsWith('/subscriptions');
      await startTimer(0);
      await eventually('a create', async () => (await flow.control.calls()).find(isCreate));
      await Promise.all([startTimer(1), command('reconcile', '--retry-now')]);
      await flow.untilQuiet();
      await flow.control.clearFaults();
      await oneOfEach();
      expect((await flow.control.calls()).filter(isCreate)).toHaveLength(WATCHES);
    }, 60_000);

    it('what nobody wants is removed by one of them, and what is wanted again meanwhile gets a new one', async () => {
      const watches = await flow.services.watches();
      const all = await rows();
      for (const { watch, etag } of all) await watches.save({ ...watch, wanted: false }, etag);
      const again = all.find(({ watch }) => watch.kind === 'jobFetchable')?.watch;
      const named = ['--tenant', again?.tenantId ?? '', '--printer', again?.id ?? ''];
      // All of the subscriptions are deleted by then, and none of the rows.
      await allAtOnce('removal', RUNS * WATCHES, () => command('add', ...named));
      expect(await oneOfEach(1)).not.toContain(again?.subscriptionId);
      await command('remove', ...named, '--yes');
      await oneOfEach(0);
    }, 60_000);
  });
});
