import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { createControlClient } from '../local/graphSimulator/control/controlClient';
import { startLocalCloud, type LocalCloud } from '../local/startLocalCloud';
import type { FaultProxy } from '../local/faultProxy/startFaultProxy';
import { addWatch } from '../shared/subscriptions/manage';
import { decide } from '../shared/rules/decide';
import { readFacts } from '../shared/rules/facts';
import { readDocument } from '../shared/rules/readDocument';
import { rulesBlobOf } from '../shared/rules/storedRules';
import { createServices } from '../shared/services';
import { systemClock } from '../shared/clock';
import { exact, type Part } from './figures';

const JOBS = 40;
const RULES = 100;
const EVALUATIONS = 2_000;
const PATIENCE_MS = 30_000;
const logger = { info: () => undefined, warn: () => undefined, error: () => undefined };

/** How long a wish takes to reach Graph, and what rules cost. */
export const actions: Part = {
  title: 'wishes and rules',
  figures: {
    release_p95: {
      what: 'milliseconds from the request that releases a held job to the call of Graph, 95th percentile of 40 jobs',
      unit: 'ms',
      bar: 3_000,
    },
    rules_share: {
      what: 'per cent of the time from the claim to the end of a job that 100 rules take which do not match it',
      unit: 'per cent',
      bar: 1,
    },
  },
  async measure({ root }) {
    const cloud = await startLocalCloud({ root, ports: 'free', proxy: true });
    try {
      const { proxy } = cloud;
      if (!proxy) throw new Error('The times need the fault proxy');
      const { waits, workMs } = await releaseHeldJobs(cloud, proxy);
      return {
        release_p95: exact(percentile(waits, 0.95)),
        rules_share: exact(Math.round((10_000 * evaluationMs()) / workMs) / 100),
      };
    } finally {
      await cloud.stop();
    }
  },
};

/** Holds jobs, then releases them one after the other through the route, as badges at a reader do. */
async function releaseHeldJobs(cloud: LocalCloud, proxy: FaultProxy): Promise<{ waits: number[]; workMs: number }> {
  const control = createControlClient(cloud.simulator);
  const services = createServices({ ...cloud.settings, AzureWebJobsStorage: cloud.connectionString });
  const tenantId = randomUUID();
  await control.createTenant({ tenantId });
  const { id: printerId } = await control.createPrinter(tenantId);
  const { id: definitionId } = await control.createDefinition(tenantId, { displayName: 'Bench' });
  await control.createTrigger(tenantId, { printerId, definitionId });
  const now = new Date(systemClock.now()).toISOString();
  await (await services.tenants()).add({ tenantId, name: 'Bench', createdAt: now });
  const rules = [{ name: 'hold', on: 'jobStarted', then: { hold: { for: '1h', else: 'release' } } }];
  await (await services.configBlobs()).write(rulesBlobOf(tenantId), JSON.stringify({ version: 1, rules }));
  await addWatch({ ...(await services.subscriptions()), logger }, { tenantId, kind: 'jobStarted', id: definitionId });

  const mark = proxy.mark();
  const keys: string[] = [];
  for (let job = 0; job < JOBS; job += 1) {
    const [printed] = await control.print(tenantId, { printerId });
    keys.push(`jobStarted_${definitionId}_${printed?.taskId ?? ''}`);
  }
  const ledger = await services.ledger();
  await until(async () => {
    let held = 0;
    for await (const _job of ledger.listHeld(tenantId, {})) held += 1;
    return held === JOBS;
  });
  const writes = proxy
    .calls({ since: mark })
    .filter(({ resource, effect }) => resource === 'PrintJobs' && effect !== 'table.get');
  const workMs = spanOf(writes) / JOBS;
  const waits: number[] = [];
  for (const key of keys) {
    const from = proxy.mark();
    const startedAt = performance.timeOrigin + performance.now();
    const answer = await fetch(`${cloud.settings['PUBLIC_BASE_URL'] ?? ''}/jobs/${tenantId}/${key}/release`, {
      method: 'POST',
      headers: { 'x-functions-key': cloud.functionKey },
    });
    if (answer.status !== 202) throw new Error(`The release was answered with ${answer.status}`);
    await until(() => proxy.calls({ since: from }).some(isEndOfTask));
    const call = proxy.calls({ since: from }).find(isEndOfTask);
    waits.push((call?.startedAt ?? Number.NaN) - startedAt);
  }
  return { waits, workMs };
}

const isEndOfTask = ({ effect }: { effect: string }) => effect.startsWith('graph.PATCH') && effect.includes('/tasks/');

/** The work on one job, with jobs side by side: the time of all of them divided by their number, so the share is the largest. */
function spanOf(calls: readonly { startedAt: number; answeredAt?: number }[]): number {
  return (
    Math.max(...calls.map(({ answeredAt = 0 }) => answeredAt)) - Math.min(...calls.map(({ startedAt }) => startedAt))
  );
}

/** Milliseconds of one decision by rules of which each is looked at. */
function evaluationMs(): number {
  const when = {
    user: '*@contoso.com',
    copies: { above: 500 },
    any: [{ colorMode: ['color'] }, { printer: { name: 'Lobby*' } }],
  };
  const rules = Array.from({ length: RULES }, (_, n) => ({
    name: `rule ${n}`,
    on: 'jobStarted',
    when,
    then: { abort: {} },
  }));
  const read = readDocument(JSON.stringify({ version: 1, rules }));
  if (!('document' in read)) throw new Error('The rules of the bench are no rules');
  const { document } = read;
  const job = {
    id: '1',
    createdDateTime: '2026-11-28T10:00:00Z',
    createdBy: { id: 'u', displayName: 'Ada', userPrincipalName: 'ada@contoso.com' },
    configuration: { copies: 2, colorMode: 'color' },
  };
  const run = () => decide(document, readFacts({ event: 'jobStarted', printerId: 'p', job }));
  for (let n = 0; n < EVALUATIONS; n += 1) run();
  const startedAt = performance.now();
  for (let n = 0; n < EVALUATIONS; n += 1) run();
  return (performance.now() - startedAt) / EVALUATIONS;
}

function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.ceil(share * sorted.length) - 1] ?? Number.NaN;
}

async function until(isTrue: () => boolean | Promise<boolean>): Promise<void> {
  for (let waited = 0; !(await isTrue()); waited += 10) {
    if (waited > PATIENCE_MS) throw new Error(`The jobs were not worked on within ${PATIENCE_MS} ms`);
    await delay(10);
  }
}
