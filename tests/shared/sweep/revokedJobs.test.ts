import { randomBytes } from 'node:crypto';
import { createSilence } from '../../../shared/graph/throttle';
import { createPlaces } from '../../../shared/fairness/places';
import { watchOf, type JobReference } from '../../../shared/jobs/message';
import { revokeWatch, type RevokeDeps } from '../../../shared/subscriptions/manage';
import { reconcileAll } from '../../../shared/subscriptions/reconcileAll';
import { processSubscriptionEvent, type SubscriptionEventDeps } from '../../../shared/sweep/processSubscriptionEvent';
import { createSweepMemory } from '../../../shared/sweep/sweepMemory';
import type { SweepDeps } from '../../../shared/sweep/sweepRun';
import { sweepWatches } from '../../../shared/sweep/sweepWatches';
import { createCallBatch } from '../../support/createCallBatch';
import { createFakeGraph } from '../../support/createFakeGraph';
import { createJobWorker, FETCHABLE, messageOf, START, STARTED, TASK } from '../../support/createJobWorker';
import { createSubscriptionWorld } from '../../support/createSubscriptionWorld';

/** Worker, subscriptions and sweep over the same tables and the same Graph. */
async function createDeployment() {
  const worker = await createJobWorker();
  const { clock, tenants, watches, ledger, logger, queues, sweepRequests } = worker;
  const { config, conflicts } = createSubscriptionWorld().deps;
  const graph = createFakeGraph();
  const { callGraph, callBatch } = graph;
  const random = () => 0;
  const subscriptions: RevokeDeps = {
    ...{ callGraph, callBatch, conflicts, tenants, watches, clock, random, logger, config },
    events: sweepRequests,
  };
  const sweep: SweepDeps = {
    ...{ tenants, watches, ledger, clock, logger, random, randomBytes },
    callGraph: worker.world.callGraph,
    callBatch: createCallBatch(worker.world.callGraph),
    graphBaseUrl: config.graphBaseUrl,
    clientId: config.clientId,
    jobs: queues.jobs,
    memory: createSweepMemory(clock),
  };
  const eventDeps: SubscriptionEventDeps = {
    ...{ subscriptions, logger },
    sweep: () => Promise.resolve(sweep),
    places: createPlaces({ silence: createSilence(clock), clock }),
    queues: { events: sweepRequests, waiting: queues.waiting, poison: queues.poison },
  };
  const listings = () => worker.world.said().filter((call) => /\/(tasks|jobs)$/.test(call));
  const takeAll = (queue: { sent: { text: string }[] }) =>
    queue.sent.splice(0).map(({ text }) => JSON.parse(text) as unknown);
  return {
    ...worker,
    subscriptions,
    sweep,
    eventDeps,
    listings,
    revoke: (reference: JobReference) => revokeWatch(subscriptions, watchOf(reference)),
    /** Handles every message of subscription-events, then every message of print-notifications. */
    async drain() {
      for (const message of takeAll(sweepRequests)) await processSubscriptionEvent(eventDeps, message);
      const outcomes: string[] = [];
      for (const message of takeAll(queues.jobs)) outcomes.push(await worker.process(message));
      return outcomes;
    },
    watch: async (reference: JobReference) => (await watches.get(watchOf(reference)))?.watch,
    print() {
      worker.printStarted();
      worker.world.putJob(FETCHABLE.printerId, FETCHABLE.jobId, { isFetchable: true }, [TASK]);
    },
  };
}

type Deployment = Awaited<ReturnType<typeof createDeployment>>;
let app: Deployment;
beforeEach(async () => {
  app = await createDeployment();
  app.print();
});

describe.each([
  ['JobStarted', STARTED],
  ['JobFetchable', FETCHABLE],
] as const)('a %s that was accepted before its clientState was revoked', (_name, reference) => {
  it('is done once, by the sweep right after the revocation', async () => {
    const accepted = messageOf(reference);
    await app.revoke(reference);
    await expect(app.process(accepted)).resolves.toBe('dropped');
    expect(await app.drain()).toEqual(['done']);
    expect(app.listings()).toHaveLength(1);
    expect(app.events()).toHaveLength(1);
    await expect(app.process(accepted)).resolves.toBe('dropped');
    expect(await app.drain()).toEqual([]);
    expect((await app.watch(reference))?.sweepWanted).toBeUndefined();
  });

  it('is also done when it was processed after the sweep', async () => {
    const accepted = messageOf(reference);
    await app.revoke(reference);
    expect(await app.drain()).toEqual(['done']);
    await expect(app.process(accepted)).resolves.toBe('dropped');
    expect(app.events()).toHaveLength(1);
  });

  it('is found although Graph asked for a sweep a minute before', async () => {
    app.clock.advance(60_000);
    const missedSweptAt = new Date(app.clock.now()).toISOString();
    const sweepNotedUntil = new Date(app.clock.now() + 9 * 60_000).toISOString();
    await app.watches.update(watchOf(reference), (row) => ({ ...row, missedSweptAt, sweepNotedUntil }));
    await app.revoke(reference);
    expect(await app.drain()).toEqual(['done']);
  });

  it('is found by the timer where the request was lost: the process died, or the queue refused it', async () => {
    const events = { send: () => Promise.reject(new Error('died')) };
    await revokeWatch({ ...app.subscriptions, events }, watchOf(reference));
    expect(app.logger.events.map(({ event }) => event)).toContain('watch.sweepNotRequested');
    expect(await app.drain()).toEqual([]);
    const { kind, id, tenantId } = watchOf(reference);
    const { toSweep } = await reconcileAll(app.subscriptions);
    expect(toSweep).toEqual([{ kind, id, tenantId }]);
    await sweepWatches(app.sweep, toSweep);
    expect(await app.drain()).toEqual(['done']);
    expect((await reconcileAll(app.subscriptions)).toSweep).toEqual([]);
  });

  it('is found when its message is replayed from the poison queue, however often, by one listing', async () => {
    // It failed for so long that the sweep of the timer leaves it alone.
    app.world.always('GET', /printers\/[^/]+\/jobs\/|tasks\//, () => {
      throw new TypeError('a defect');
    });
    app.world.always('PATCH', /./, () => {
      throw new TypeError('a defect');
    });
    await expect(app.process(messageOf(reference))).rejects.toThrow();
    app.world.clearScript();
    app.queues.jobs.sent.splice(0);
    await app.revoke(reference);
    app.sweepRequests.sent.splice(0);
    await app.watches.update(watchOf(reference), (row) => ({ ...row, sweepWanted: undefined }));
    for (let n = 0; n < 3; n += 1) {
      await expect(app.process(messageOf(reference, { foundBy: 'replay' }))).resolves.toBe('dropped');
    }
    expect(app.sweepRequests.sent).toHaveLength(1);
    expect(await app.drain()).toEqual(['done']);
    expect(app.listings()).toHaveLength(1);
    expect(app.events()).toHaveLength(1);
  });

  it('is swept again where a second revocation follows during the sweep', async () => {
    await app.revoke(reference);
    const first = app.sweepRequests.sent.splice(0);
    const { callGraph } = app.sweep;
    app.sweep.callGraph = async (call) => {
      app.sweep.callGraph = callGraph;
      app.clock.advance(1_000);
      await app.revoke(reference);
      return callGraph(call);
    };
    for (const { text } of first) await processSubscriptionEvent(app.eventDeps, JSON.parse(text));
    expect((await app.watch(reference))?.sweepWanted).toBeDefined();
    await app.drain();
    expect(app.listings()).toHaveLength(2);
    expect((await app.watch(reference))?.sweepWanted).toBeUndefined();
    expect(app.events()).toHaveLength(1);
  });
});

describe('a ready job that is older than its watch', () => {
  const HOUR = 3_600_000;
  const accepted = () => messageOf(FETCHABLE, { receivedAt: new Date(app.clock.now()).toISOString() });
  const since = () => new Date(app.clock.now()).toISOString();

  /** The watch begins an hour after the job was printed. */
  beforeEach(async () => {
    app.world.putJob(FETCHABLE.printerId, FETCHABLE.jobId, { isFetchable: true, createdDateTime: START });
    app.clock.advance(HOUR);
    await app.watches.update(watchOf(FETCHABLE), (row) => ({ ...row, since: since() }));
    app.clock.advance(60_000);
  });

  it('is done once when its clientState is revoked before a run has claimed it', async () => {
    const message = accepted();
    app.clock.advance(60_000);
    await app.revoke(FETCHABLE);
    // Before and after the sweep right after the revocation.
    await expect(app.process(message)).resolves.toBe('dropped');
    expect(await app.drain()).toEqual(['done']);
    await expect(app.process(message)).resolves.toBe('dropped');
    expect(await app.drain()).toEqual([]);
    expect(app.events()).toHaveLength(1);
  });

  it.each(['graph', 'replay'] as const)(
    'is done when its message (%s) is processed after the sweep',
    async (foundBy) => {
      const receivedAt = since();
      app.clock.advance(60_000);
      await app.revoke(FETCHABLE);
      expect(await app.drain()).toEqual([]);
      app.clock.advance(2 * HOUR);
      await expect(app.process(messageOf(FETCHABLE, { receivedAt, foundBy }))).resolves.toBe('dropped');
      expect(await app.drain()).toEqual(['done']);
      expect(app.events()).toHaveLength(1);
    },
  );

  it('is done by the sweep of a revocation when its run has failed', async () => {
    app.world.next('GET', /./, () => {
      throw new TypeError('a defect');
    });
    await expect(app.process(accepted())).rejects.toThrow('a defect');
    app.clock.advance(60_000);
    await app.revoke(FETCHABLE);
    expect(await app.drain()).toEqual(['done']);
  });

  it('has no event where no notification of it was accepted, as a job that was printed during a pause', async () => {
    app.clock.advance(60_000);
    await app.revoke(FETCHABLE);
    expect(await app.drain()).toEqual([]);
    expect(app.listings()).toHaveLength(1);
    expect(app.events()).toEqual([]);
  });

  it.each([
    ['was received after the revocation', 1, 60_000],
    ['has a clientState that was revoked before the last one', 2, -60_000],
  ])('has no event when its message %s', async (_name, revocations, receivedMs) => {
    app.clock.advance(2 * 60_000);
    const receivedAt = new Date(app.clock.now() + receivedMs).toISOString();
    for (let n = 0; n < revocations; n += 1) await app.revoke(FETCHABLE);
    app.clock.advance(2 * 60_000);
    await expect(app.process(messageOf(FETCHABLE, { receivedAt }))).resolves.toBe('dropped');
    expect(await app.drain()).toEqual([]);
    expect(await app.row(FETCHABLE)).toBeUndefined();
    expect(app.events()).toEqual([]);
  });

  it('has no event when its message is processed while the customer is paused', async () => {
    const message = accepted();
    app.clock.advance(60_000);
    await app.revoke(FETCHABLE);
    await app.tenants.update(FETCHABLE.tenantId, (row) => ({ ...row, status: 'paused' }));
    await expect(app.process(message)).resolves.toBe('dropped');
    await app.tenants.update(FETCHABLE.tenantId, (row) => ({ ...row, status: 'active' }));
    expect(await app.drain()).toEqual([]);
    expect(app.events()).toEqual([]);
  });
});
