import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { createControlClient } from '../local/graphSimulator/control/controlClient';
import { rulesBlobOf } from '../shared/rules/storedRules';
import { createServices } from '../shared/services';
import { SWEEP_RUN_MS } from '../shared/sweep/sweepRun';
import { isStorageWrite } from '../local/faultProxy/proxyCall';
import { runCliCommand } from '../local/processes';
import { startLocalCloud, type LocalCloud } from '../local/startLocalCloud';
import { countSweeps, sweepAll } from '../shared/sweep/sweepAll';
import { createSweepWorld } from '../tests/support/createSweepWorld';
import { exact, type Part } from './figures';

/** send, claim, event, done, delete */
const MOST_WRITES = 5;
const PATIENCE_MS = 20_000;

/** Calls that one job costs, counted by the fault proxy between the app and storage and Graph. */
export const callsOfJob: Part = {
  title: 'calls of one job',
  figures: {
    graph_calls_fetchable: { what: 'calls to Graph for one JobFetchable', unit: 'calls', bar: 1 },
    graph_calls_started: { what: 'calls to Graph for one JobStarted', unit: 'calls', bar: 2 },
    storage_writes_fetchable: {
      what: 'table writes, queue sends and deletes for one JobFetchable',
      unit: 'calls',
      bar: MOST_WRITES,
    },
    storage_writes_started: { what: 'the same for one JobStarted', unit: 'calls', bar: MOST_WRITES },
  },
  async measure({ root }) {
    const cloud = await startLocalCloud({ root, ports: 'free', proxy: true });
    try {
      const fetchable = await countForOneJob(root, cloud, 'jobFetchable');
      const started = await countForOneJob(root, cloud, 'jobStarted');
      return {
        graph_calls_fetchable: exact(fetchable.graph),
        graph_calls_started: exact(started.graph),
        storage_writes_fetchable: exact(fetchable.writes),
        storage_writes_started: exact(started.writes),
      };
    } finally {
      await cloud.stop();
    }
  },
};

/** Where a redirect sends the job: a second printer of the customer. */
type RuleAction = (target: string) => object;

const HOLD: RuleAction = () => ({ hold: { for: '1h', else: 'release' } });
const ACTIONS = {
  graph_calls_configure: () => ({ release: {}, configure: { copies: 2 } }),
  graph_calls_redirect: (printer) => ({ redirect: { printer } }),
  graph_calls_abort: () => ({ abort: {} }),
  graph_calls_hold: HOLD,
} as const satisfies Record<string, RuleAction>;

/** Calls that one job costs on which a rule acts. */
export const callsOfActions: Part = {
  title: 'calls of each action',
  figures: {
    graph_calls_configure: { what: 'calls to Graph for a job that is changed and released', unit: 'calls', bar: 3 },
    graph_calls_redirect: { what: 'the same for a job that is redirected', unit: 'calls', bar: 2 },
    graph_calls_abort: { what: 'the same for a job that is aborted, with the end of its task', unit: 'calls', bar: 3 },
    graph_calls_hold: { what: 'the same for a job that is held, until its end', unit: 'calls', bar: 1 },
  },
  async measure({ root, isWanted }) {
    const cloud = await startLocalCloud({ root, ports: 'free', proxy: true });
    try {
      const counted: Record<string, ReturnType<typeof exact>> = {};
      for (const [name, action] of Object.entries(ACTIONS)) {
        if (isWanted(name)) counted[name] = exact((await countForOneJob(root, cloud, 'jobStarted', action)).graph);
      }
      return counted;
    } finally {
      await cloud.stop();
    }
  },
};

async function countForOneJob(
  root: string,
  cloud: LocalCloud,
  kind: 'jobFetchable' | 'jobStarted',
  action?: RuleAction,
) {
  const { proxy } = cloud;
  if (!proxy) throw new Error('The counts need the fault proxy');
  const control = createControlClient(cloud.simulator);
  const tenantId = randomUUID();
  await control.createTenant({ tenantId });
  const { id: printerId } = await control.createPrinter(tenantId);
  const run = (...args: string[]) => runCliCommand(root, cloud.environment, args);
  await run('tenants', 'add', tenantId, '--name', 'Bench');
  if (kind === 'jobStarted') {
    const { id: definitionId } = await control.createDefinition(tenantId, { displayName: 'Bench' });
    await control.createTrigger(tenantId, { printerId, definitionId });
    await run('subscriptions', 'add', '--tenant', tenantId, '--definition', definitionId);
  } else {
    await run('subscriptions', 'add', '--tenant', tenantId, '--printer', printerId);
  }
  if (action) {
    const { id: target } = await control.createPrinter(tenantId);
    const rules = [{ name: 'bench', on: 'jobStarted', then: action(target) }];
    await storeRules(cloud, tenantId, rules);
  }
  const mark = proxy.mark();
  await control.print(tenantId, { printerId });
  const calls = () => proxy.calls({ since: mark });
  const isDeleted = () => calls().some(({ effect, end }) => effect === 'queue.delete' && end === 'answered');
  for (let waited = 0; !isDeleted(); waited += 50) {
    if (waited > PATIENCE_MS) throw new Error(`The job was not handled within ${PATIENCE_MS} ms`);
    await delay(50);
  }
  return {
    graph: calls().filter(({ target }) => target === 'graph').length,
    writes: calls().filter(isStorageWrite).length,
  };
}

/** Before the app has looked for rules of this customer: it looks once a minute. */
async function storeRules({ settings }: LocalCloud, tenantId: string, rules: readonly object[]): Promise<void> {
  const blobs = await createServices(settings).configBlobs();
  await blobs.write(rulesBlobOf(tenantId), JSON.stringify({ version: 1, rules }));
}

const TENANTS = 3;
/** Half of them definitions, half printers: 102 watches in all. */
const WATCHES_OF_EACH = 34;
/** The runs of a day: a printer without a watch is listed in one of them. */
const RUNS = 144;
const STEP_MS = 10 * 60_000;

/**
 * Calls to Graph of one sweep over all tenants, where every listing fits on one page. Each task is on a printer of its
 * own. Every second of those printers is watched.
 */
export const callsOfSweep: Part = {
  title: 'calls of a sweep',
  figures: {
    // A listing for each watch, one of the definitions for each tenant, and now and then one for a trigger.
    sweep_calls_per_watch: {
      what: 'calls to Graph of one sweep over 3 customers with 102 watches, for each watch, on average over a day',
      unit: 'calls',
      bar: 1.1,
    },
  },
  async measure() {
    const world = createSweepWorld();
    for (let tenant = 0; tenant < TENANTS; tenant += 1) {
      const tenantId = `tenant-${tenant}`;
      await world.addTenant(tenantId);
      for (let n = 0; n < WATCHES_OF_EACH; n += 1) {
        const id = `${tenant}-${n}`;
        const kind = n % 2 === 0 ? 'jobStarted' : 'jobFetchable';
        await world.put({ tenantId, kind, id });
        if (kind === 'jobStarted') {
          world.putDefinition(id, tenantId);
          const printer = n % 4 === 0 ? `${tenant}-${n + 1}` : `unwatched-${id}`;
          world.putTask(`task-${id}`, { definition: id, tenant: tenantId, printer, job: '1' });
          if (n % 4 !== 0) world.putPrinter(printer, tenantId);
        } else world.putPrinter(id, tenantId);
      }
    }
    for (let run = 0; run < RUNS; run += 1) {
      const { swept, enqueued } = countSweeps(await sweepAll(world.deps, { runMs: SWEEP_RUN_MS }));
      if (swept !== TENANTS || (run === 0 && enqueued !== (TENANTS * WATCHES_OF_EACH) / 2)) {
        throw new Error('The counted sweep did not find all jobs');
      }
      world.clock.advance(STEP_MS);
    }
    const unwatched = world.said().filter((path) => path.includes('unwatched')).length;
    if (unwatched !== TENANTS * Math.floor(WATCHES_OF_EACH / 4)) {
      throw new Error('Each printer without a watch must be listed once a day');
    }
    const calls = world.calls.length / RUNS / (TENANTS * WATCHES_OF_EACH);
    return { sweep_calls_per_watch: exact(Math.round(calls * 1_000) / 1_000) };
  },
};
