import { formatJobMessage, ledgerRowKey } from '../../shared/jobs/message';
import type { EntityTable } from '../../shared/storage/entityTable';
import { createSweepMemory } from '../../shared/sweep/sweepMemory';
import { recoverJobs } from '../../shared/sweep/recoverJobs';
import { reconcileAll } from '../../shared/subscriptions/reconcileAll';
import { createCallBatch } from '../support/createCallBatch';
import { createCliWorld } from '../support/createCliWorld';
import { createJobWorker, FETCHABLE, STARTED, START, TRACEPARENT } from '../support/createJobWorker';
import {
  CLIENT_ID,
  createSubscriptionWorld,
  MINUTE,
  PUBLIC_BASE_URL,
  putServed,
  started,
  TENANT,
} from '../support/createSubscriptionWorld';

const DAY = 24 * 60 * MINUTE;
const BROKEN = {
  partitionKey: TENANT,
  rowKey: 'jobFetchable_broken',
  status: 'active',
  since: START,
  wanted: 'perhaps',
  subscriptionId: 'of-broken-row',
};
const WORDS = 'The row jobFetchable_broken of the table Subscriptions has wanted in another form than true or false';

describe('a row of Subscriptions that cannot be read', () => {
  it('does not stop the renewal of the others, and is named', async () => {
    const world = createSubscriptionWorld();
    await world.addTenant();
    await world.watchTable.insert(BROKEN);
    await world.put(started());
    const { counts, unreadable } = await reconcileAll(world.deps);
    expect(counts).toMatchObject({ created: 1, failed: 0 });
    expect(unreadable).toEqual([expect.stringContaining(WORDS) as string]);
    expect(world.logger.events).toContainEqual(expect.objectContaining({ level: 'error', event: 'row.unreadable' }));
  });

  it('keeps its subscription, which is no orphan', async () => {
    const world = createSubscriptionWorld();
    await world.addTenant();
    await putServed(world);
    await world.watchTable.insert(BROKEN);
    const notificationUrl = `${PUBLIC_BASE_URL}/notifications`;
    const subscription = {
      tenantId: TENANT,
      resource: 'print/printers/x/jobs',
      changeType: 'updated',
      notificationUrl,
    };
    world.graph.put({ id: BROKEN.subscriptionId, ...subscription });
    for (let day = 0; day < 3; day += 1) {
      world.clock.advance(DAY);
      await reconcileAll(world.deps);
    }
    expect(world.graph.subscriptions.has(BROKEN.subscriptionId)).toBe(true);
  });

  it('is a warning of subscriptions list and status', async () => {
    const world = createCliWorld();
    await world.addTenant();
    await putServed(world);
    await world.watchTable.insert(BROKEN);
    for (const argv of [['subscriptions', 'list'], ['status']]) {
      const { code, stdout, stderr } = await world.run(...argv);
      expect({ code, stderr }).toEqual({ code: 0, stderr: expect.stringContaining(`warning: ${WORDS}`) as string });
      expect(stdout).toContain('live');
    }
  });
});

describe('the worker', () => {
  const message = (reference = STARTED) =>
    JSON.parse(
      formatJobMessage({ reference, foundBy: 'graph', receivedAt: START, traceparent: TRACEPARENT, deferrals: 0 }),
    ) as unknown;

  it.each([
    ['watch', { watch: true }],
    ['tenant', { watch: false }],
  ])(
    'lets a message wait while the row of its %s cannot be read, and works on it afterwards',
    async (_name, { watch }) => {
      const worker = await createJobWorker();
      worker.printStarted();
      const place: { table: EntityTable; key: [string, string] } = watch
        ? { table: worker.watchTable, key: [TENANT, `jobStarted_${STARTED.definitionId}`] }
        : { table: worker.tenantTable, key: ['tenant', TENANT] };
      const row = await place.table.get(...place.key);
      const cells = { partitionKey: place.key[0], rowKey: place.key[1], ...row?.cells };
      const broken = await place.table.replace({ ...cells, failures: 'none' }, row?.etag ?? '');
      expect(await worker.process(message())).toBe('deferred');
      expect(worker.queues.poison.sent).toEqual([]);
      expect(worker.logger.events).toContainEqual(
        expect.objectContaining({
          event: 'job.dependencyUnavailable',
          message: expect.stringContaining('has failures in another form than a whole number from 0') as string,
        }),
      );
      await place.table.replace(cells, broken ?? '');
      expect(await worker.process(worker.lastDeferred())).toBe('done');
    },
  );
});

it('the recovery of jobs passes over a ledger row that cannot be read', async () => {
  const worker = await createJobWorker();
  const { ledger, ledgerTable, clock, tenants, watches, logger, queues } = worker;
  for (const reference of [FETCHABLE, STARTED]) {
    const claimed = {
      status: 'claimed',
      phase: 'start',
      runId: 'dead',
      attempts: 1,
      firstSeenAt: START,
      foundBy: 'graph',
    } as const;
    await ledger.insert(reference, claimed);
  }
  const stored = await ledgerTable.get(TENANT, ledgerRowKey(FETCHABLE));
  const cells = { partitionKey: TENANT, rowKey: ledgerRowKey(FETCHABLE), ...stored?.cells };
  await ledgerTable.replace({ ...cells, attempts: 'one' }, stored?.etag ?? '');
  clock.advance(10 * MINUTE);
  const deps = {
    ...worker.deps,
    callBatch: createCallBatch(worker.deps.callGraph),
    ledger,
    tenants,
    watches,
    logger,
    jobs: queues.jobs,
    graphBaseUrl: 'https://graph.microsoft.com/v1.0',
    clientId: CLIENT_ID,
    memory: createSweepMemory(clock),
    clock,
    randomBytes: (size: number) => Buffer.alloc(size, 1),
  };
  expect(await recoverJobs(deps, { tasks: false })).toEqual({ claims: 1, tasks: 0, due: 0 });
  expect(logger.events).toContainEqual(
    expect.objectContaining({
      event: 'row.unreadable',
      message: expect.stringContaining('has attempts in another form than a whole number from 0') as string,
    }),
  );
});
