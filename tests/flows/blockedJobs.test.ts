import { randomUUID } from 'node:crypto';
import { addWatch } from '../../shared/subscriptions/manage';
import type { WatchKind } from '../../shared/watches/watches';
import { runCliCommand } from '../../local/processes';
import { eventually } from '../support/eventually';
import { bodyOf, startedItem, stateFor } from '../support/notifications';
import { post } from '../support/post';
import { ROOT, startFlow, type Customer, type Flow } from '../support/startFlow';

/** What is served is remembered for a minute by the instance that served it (shared/jobs/standing.ts). */
const REMEMBERED_MS = 61_000;

/**
 * A trigger holds the job until the task ends, whatever became of the customer or the watch meanwhile. Served or not:
 * somebody stands in front of the printer. A job that is served has its event, any other has none.
 */
describe('no job stays blocked', () => {
  let flow: Flow;
  beforeAll(async () => {
    flow = await startFlow({ clock: true });
  }, 60_000);
  afterEach(async () => expect(await flow.queues.length('print-notifications-poison')).toBe(0));
  afterAll(() => flow.stop(), 30_000);

  const print = async ({ tenantId, printerId }: Customer, count = 1) => {
    const printed = await flow.control.print(tenantId, { printerId, count });
    await flow.control.idle();
    return printed;
  };
  const openTasks = ({ tenantId }: Customer) => flow.control.openTasks({ tenantId });
  const untilReleased = async (customer: Customer) => {
    await eventually('the release of the tasks', async () =>
      (await openTasks(customer)).length === 0 ? true : undefined,
    );
    await flow.untilQuiet();
  };
  const eventsOf = async ({ tenantId }: Customer) => (await flow.events()).filter(({ id }) => id.startsWith(tenantId));
  const command = (...argv: string[]) => runCliCommand(ROOT, flow.cloud.environment, argv);
  const watch = async ({ tenantId, definitionId }: Customer) => {
    const { clock } = flow;
    const logger = { info: () => undefined, warn: () => undefined, error: () => undefined };
    const deps = { ...(await flow.services.subscriptions()), clock, logger };
    const key = { tenantId, kind: 'jobStarted' as WatchKind, id: definitionId };
    expect(await addWatch(deps, key)).toMatchObject({ added: true, result: { outcome: 'created' } });
    return key;
  };
  const forgetWatch = async ({ tenantId, definitionId }: Customer) => {
    const watches = await flow.services.watches();
    const key = { tenantId, kind: 'jobStarted' as WatchKind, id: definitionId };
    const stored = await watches.get(key);
    expect(stored && (await watches.remove(stored, { keyIds: '', removedAt: stored.watch.since }))).toBe(true);
  };
  /** Graph tells nobody of what is printed meanwhile. */
  const unheard = async (work: () => Promise<unknown>) => {
    await flow.control.setDelivery({ lossRate: 1 });
    await work();
    await flow.control.idle();
    await flow.control.setDelivery({ lossRate: 0 });
  };

  describe('a watch added seconds ago', () => {
    it('serves its first job, on an instance that met its definition before there was a watch', async () => {
      const customer = await flow.onboard([]);
      await print(customer);
      expect(await openTasks(customer)).toHaveLength(1);
      await flow.runNow('sweepJobs');
      await untilReleased(customer);
      expect(await eventsOf(customer)).toEqual([]);
      await watch(customer);
      const [job] = await print(customer);
      await untilReleased(customer);
      expect((await eventsOf(customer)).map(({ data }) => data['jobId'])).toEqual([job?.jobId]);
    }, 30_000);

    it('serves its first job on an instance that has just started', async () => {
      const customer = await flow.onboard([]);
      await watch(customer);
      await flow.cloud.restartHost();
      await print(customer);
      await untilReleased(customer);
      expect(await eventsOf(customer)).toHaveLength(1);
    }, 30_000);

    it('serves the job that was printed before it and still waits', async () => {
      const customer = await flow.onboard([]);
      await print(customer);
      await watch(customer);
      await flow.runNow('sweepJobs');
      await untilReleased(customer);
      expect(await eventsOf(customer)).toHaveLength(1);
    }, 30_000);
  });

  describe('a paused customer', () => {
    it('has its jobs released by notifications, also on an instance that served it before', async () => {
      const customer = await flow.onboard(['jobStarted']);
      await print(customer);
      await untilReleased(customer);
      await command('tenants', 'pause', customer.tenantId);
      flow.cloud.clock?.move(REMEMBERED_MS);
      await print(customer);
      await untilReleased(customer);
      expect(await eventsOf(customer)).toHaveLength(1);
    }, 30_000);

    it('has its jobs released by the sweep, whether printed before or in the pause', async () => {
      const customer = await flow.onboard(['jobStarted']);
      await unheard(async () => {
        await print(customer);
        await command('tenants', 'pause', customer.tenantId);
        await print(customer);
      });
      await flow.runNow('sweepJobs');
      await untilReleased(customer);
      expect(await eventsOf(customer)).toEqual([]);
    }, 30_000);
  });

  describe('a removed customer', () => {
    const remove = ({ tenantId }: Customer) => command('tenants', 'remove', tenantId, '--force', '--ledger', '--yes');

    it('has its jobs released by notifications that were on their way', async () => {
      const customer = await flow.onboard(['jobStarted']);
      await flow.cloud.hosts[0]?.kill();
      await flow.control.print(customer.tenantId, { printerId: customer.printerId, count: 3 });
      await remove(customer);
      expect(await flow.control.subscriptions({ tenantId: customer.tenantId })).toEqual([]);
      await flow.cloud.restartHost();
      await untilReleased(customer);
      expect(await eventsOf(customer)).toEqual([]);
    }, 30_000);

    it('has its jobs released by the sweep, whether printed before or later', async () => {
      const customer = await flow.onboard(['jobStarted']);
      await unheard(() => print(customer));
      await remove(customer);
      await print(customer);
      expect(await openTasks(customer)).toHaveLength(2);
      await flow.runNow('sweepJobs');
      await untilReleased(customer);
      expect(await eventsOf(customer)).toEqual([]);
    }, 30_000);
  });

  it('an unknown watch: what Graph still tells of it is released', async () => {
    const customer = await flow.onboard(['jobStarted']);
    await forgetWatch(customer);
    await print(customer);
    await untilReleased(customer);
    expect(await eventsOf(customer)).toEqual([]);
  }, 30_000);

  it('a watch removed while the notification is on its way', async () => {
    const customer = await flow.onboard(['jobStarted']);
    await flow.cloud.hosts[0]?.kill();
    await flow.control.print(customer.tenantId, { printerId: customer.printerId });
    await command('subscriptions', 'remove', ...nameOf(customer), '--yes');
    await flow.cloud.restartHost();
    await untilReleased(customer);
    expect(await eventsOf(customer)).toEqual([]);
  }, 30_000);

  it('a watch revoked while the notification is on its way: its sweep serves the job', async () => {
    const customer = await flow.onboard(['jobStarted']);
    await flow.control.setDelivery({ delayMs: 3_000 });
    await flow.control.print(customer.tenantId, { printerId: customer.printerId });
    await command('subscriptions', 'revoke', ...nameOf(customer), '--yes');
    await flow.control.setDelivery({ delayMs: 0 });
    await untilReleased(customer);
    await flow.control.idle();
    await flow.untilQuiet();
    expect(await eventsOf(customer)).toHaveLength(1);
  }, 30_000);

  it('a process that is killed with jobs in hand and in its queue: every task ends within four minutes', async () => {
    const customer = await flow.onboard(['jobStarted']);
    await flow.control.addFault({
      tenantId: customer.tenantId,
      method: 'PATCH',
      count: -1,
      action: { type: 'hang', ms: 60_000 },
    });
    await print(customer, 12);
    await eventually('calls in progress', async () =>
      (await flow.control.calls()).some(({ tenantId, method }) => tenantId === customer.tenantId && method === 'PATCH')
        ? true
        : undefined,
    );
    await flow.cloud.hosts[0]?.kill();
    await flow.control.clearFaults();
    await flow.cloud.restartHost();
    const movedBefore = flow.cloud.clock?.offset() ?? 0;
    const openIds = (await openTasks(customer)).length;
    expect(openIds).toBe(12);
    // The lease of 90 seconds, its margin of 15, and the two minutes between two listings of open tasks.
    for (const moveMs of [106_000, 60_000, 60_000]) {
      flow.cloud.clock?.move(moveMs);
      await flow.runNow('recoverJobs');
    }
    await untilReleased(customer);
    expect((flow.cloud.clock?.offset() ?? 0) - movedBefore).toBeLessThan(240_000);
    const events = await eventsOf(customer);
    expect(new Set(events.map(({ id }) => id)).size).toBe(12);
  }, 60_000);

  it('an unknown customer: its notification causes no call, and the sweep ends its task once the customer is added', async () => {
    const tenantId = randomUUID();
    await flow.control.createTenant({ tenantId });
    const { id: printerId } = await flow.control.createPrinter(tenantId);
    const { id: definitionId } = await flow.control.createDefinition(tenantId, { displayName: 'Receiver' });
    await flow.control.createTrigger(tenantId, { printerId, definitionId });
    const customer = { tenantId, printerId, definitionId };
    const [job] = await print(customer);
    const [keyId = '', key = ''] = (flow.cloud.settings['CLIENT_STATE_KEYS'] ?? '').split(':');
    const resource = `print/taskDefinitions/${definitionId}/tasks/${job?.taskId ?? ''}`;
    const item = startedItem({
      tenantId,
      resource,
      resourceData: { id: job?.taskId, '@odata.id': resource },
      clientState: stateFor({ id: definitionId, tenantId, keyId, key: Buffer.from(key, 'base64') }),
    });
    expect((await post(flow.notificationsUrl, bodyOf(item))).status).toBe(202);
    await eventually('the drop', () =>
      flow.logged('job.dropped').some((line) => line['tenantId'] === tenantId) ? true : undefined,
    );
    expect((await flow.control.calls()).filter((call) => call.tenantId === tenantId)).toEqual([]);
    await command('tenants', 'add', tenantId, '--name', 'Late');
    await flow.runNow('sweepJobs');
    await untilReleased(customer);
    expect(await eventsOf(customer)).toEqual([]);
  }, 30_000);
});

function nameOf({ tenantId, definitionId }: Customer): string[] {
  return ['--tenant', tenantId, '--definition', definitionId];
}
