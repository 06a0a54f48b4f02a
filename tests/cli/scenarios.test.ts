import { SCENARIOS } from '../../cli/scenarios';
import { newWatch, type WatchKind } from '../../shared/watches/watches';
import { createSubscriptionWorld, DEFINITION, PRINTER, START, TENANT } from '../support/createSubscriptionWorld';
import type { CallGraph } from '../../shared/graph/client';
import { endTask, readTask, listTasks } from '../../shared/graph/api/printTasks';
import { createSubscription } from '../../shared/graph/api/subscriptions';
import { callOf, newSubscription } from '../../shared/subscriptions/plan';
import { listJobs } from '../../shared/graph/api/printJobs';
import { readFetchableJob } from '../../shared/jobs/fetchableJob';
import { readStartedJob } from '../../shared/jobs/startedReading';
import { createLocateJob } from '../../shared/graph/api/printerShares';

const started = { kind: 'jobStarted', tenantId: TENANT, definitionId: DEFINITION, taskId: 't' } as const;
const fetchable = { kind: 'jobFetchable', tenantId: TENANT, printerId: PRINTER, jobId: '1' } as const;
const SHARE = '66666666-6666-6666-6666-666666666666';
const locateJob = createLocateJob({ now: () => Date.parse(START) });
const place = { printerId: PRINTER, jobId: '1' };

/** Makes the calls to Graph of one flow, and returns the permissions that they name. */
async function permissionsAsked(flow: (callGraph: CallGraph) => Promise<unknown>): Promise<string[]> {
  const asked: string[] = [];
  const callGraph: CallGraph = (call) => {
    // printjob-get.md and printer-list-jobs.md ask for two, so the message of a refusal names both.
    asked.push(...(call.permission.match(/\b[A-Z]\w+(?:\.\w+)+/g) ?? []));
    const item = { id: '1', expirationDateTime: START };
    return Promise.resolve({ status: 200, body: { ...item, value: [item] } });
  };
  await flow(callGraph);
  return [...new Set(asked)].sort();
}

async function subscribe(callGraph: CallGraph, kind: WatchKind, id: string): Promise<void> {
  const { config } = createSubscriptionWorld().deps;
  const watch = newWatch({ tenantId: TENANT, kind, id, since: START });
  await createSubscription(callGraph, callOf(watch), newSubscription(config, watch, Date.parse(START)));
}

async function readThrough(listing: AsyncIterable<unknown>): Promise<void> {
  for await (const _item of listing);
}

const paging = (callGraph: CallGraph) => ({ callGraph, graphBaseUrl: 'https://graph.microsoft.com/v1.0' });

describe('the scenarios of tenants add', () => {
  it.each([
    [
      'JobStarted: subscribe, read job and task, end the task, sweep tasks and find lost triggers',
      'Receive JobStarted, release jobs',
      async (callGraph: CallGraph) => {
        await subscribe(callGraph, 'jobStarted', DEFINITION);
        await readStartedJob({ callGraph, locateJob }, { ...started, ...place });
        await readStartedJob({ callGraph, locateJob }, { ...started, shareId: SHARE, jobId: '1' });
        await readTask(callGraph, started);
        await endTask(callGraph, started, { state: 'completed', description: 'released' });
        await readThrough(listTasks(paging(callGraph), started));
        await readThrough(listJobs(paging(callGraph), fetchable));
      },
    ],
    [
      'JobFetchable: subscribe, read the job, sweep jobs',
      'Receive JobFetchable',
      async (callGraph: CallGraph) => {
        await subscribe(callGraph, 'jobFetchable', PRINTER);
        await readFetchableJob(callGraph, fetchable);
        await readThrough(listJobs(paging(callGraph), fetchable));
      },
    ],
  ])('have exactly the permissions that the calls of a flow need: %s', async (_calls, scenario, flow) => {
    const row = SCENARIOS.find((one) => one.scenario === scenario);
    expect([...(row?.permissions ?? [])].sort()).toEqual(await permissionsAsked(flow));
  });
});
