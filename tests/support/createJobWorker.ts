import { formatJobMessage, type JobMessage, ledgerKey, type JobReference } from '../../shared/jobs/message';
import { type ProcessDeps, processNotification } from '../../shared/jobs/processNotification';
import { createReadAccess } from '../../shared/jobs/access';
import { createFindPrinter } from '../../shared/jobs/decision';
import { readDocument } from '../../shared/rules/readDocument';
import type { RulesInForce } from '../../shared/rules/store';
import { createPlaces } from '../../shared/fairness/places';
import { createTurns } from '../../shared/fairness/turns';
import { createLedger } from '../../shared/jobs/ledger';
import type { LedgerRow } from '../../shared/jobs/ledgerRow';
import { createRequestRenewal } from '../../shared/subscriptions/renewalRequests';
import { createRequestSweep } from '../../shared/subscriptions/sweepRequests';
import { type Watch, createWatches } from '../../shared/watches/watches';
import { createLocateJob } from '../../shared/graph/api/printerShares';
import { createSilence, createThrottle } from '../../shared/graph/throttle';
import { createTenants, type Tenant } from '../../shared/tenants/tenants';
import { createCapturedLogger } from './createCapturedLogger';
import { createFakeClock } from './createFakeClock';
import { createPrintWorld } from './createPrintWorld';
import { findEventFaults } from './findEventFaults';
import { createMemoryQueue } from './memoryQueue';
import { createMemoryTable } from './memoryTable';

export const TENANT = '11111111-1111-1111-1111-111111111111';
export const OTHER_TENANT = '22222222-2222-2222-2222-222222222222';
export const PRINTER = '33333333-3333-3333-3333-333333333333';
export const DEFINITION = '44444444-4444-4444-4444-444444444444';
export const TASK = '55555555-5555-5555-5555-555555555555';
export const JOB = '5182';
export const START = '2026-11-22T00:00:00.000Z';
export const TRACEPARENT = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';

export const STARTED = {
  kind: 'jobStarted',
  tenantId: TENANT,
  definitionId: DEFINITION,
  taskId: TASK,
  printerId: PRINTER,
  jobId: JOB,
} as const satisfies JobReference;

export const FETCHABLE = {
  kind: 'jobFetchable',
  tenantId: TENANT,
  printerId: PRINTER,
  jobId: JOB,
} as const satisfies JobReference;

export const JOB_PATH = `/print/printers/${PRINTER}/jobs/${JOB}`;
export const TASK_PATH = `/print/taskDefinitions/${DEFINITION}/tasks/${TASK}`;
/** As Graph writes it (universalprint-samples, ResourceData.cs). */
export const PARENT_URL = `https://graph.microsoft.com/v1.0/print/printers/${PRINTER}/jobs/${JOB}`;

/** The queue of events, which refuses what the published schema does not allow. */
function createEventsQueue(): ReturnType<typeof createMemoryQueue> {
  const queue = createMemoryQueue();
  return {
    ...queue,
    send: (text, options) => {
      const faults = findEventFaults(JSON.parse(text));
      if (faults.length > 0) throw new TypeError(`Not an event of docs/events.md: ${faults.join(', ')}`);
      return queue.send(text, options);
    },
  };
}

/** The worker in memory: one active tenant, both watches of it, and handles to look inside. */
export async function createJobWorker() {
  const clock = createFakeClock(Date.parse(START));
  const world = createPrintWorld();
  const logger = createCapturedLogger();
  const ledgerTable = createMemoryTable(clock);
  const ledger = createLedger(ledgerTable);
  const tenantTable = createMemoryTable();
  const tenants = createTenants(tenantTable);
  const watchTable = createMemoryTable();
  const watches = createWatches(watchTable);
  const queues = {
    jobs: createMemoryQueue(),
    waiting: createMemoryQueue(),
    events: createEventsQueue(),
    archive: createMemoryQueue(),
    poison: createMemoryQueue(),
  };
  const renewals = createMemoryQueue();
  const sweepRequests = createMemoryQueue();
  const throttle = createThrottle(clock);
  const silence = createSilence(clock);

  const inForce: { rules: RulesInForce } = { rules: { kind: 'none' } };

  /** A process that has just started, on the same storage and the same Graph. */
  const startProcess = (changes: Partial<ProcessDeps> = {}): ProcessDeps => ({
    ledger,
    readAccess: createReadAccess({ tenants, watches, clock }),
    readClientStates: () => watches.clientStates.read(),
    callGraph: world.callGraph,
    locateJob: createLocateJob(clock),
    throttle,
    silence,
    places: createPlaces({ silence, clock }),
    turns: createTurns({ silence, clock }),
    rules: { rulesOf: () => Promise.resolve(inForce.rules) },
    findPrinter: createFindPrinter(clock),
    queues,
    requestRenewal: createRequestRenewal({ queue: renewals, clock }),
    requestSweep: createRequestSweep({ watches, queue: sweepRequests, clock }),
    clock,
    random: () => 0,
    logger,
    ...changes,
  });

  const putTenant = (fields: Partial<Tenant> = {}) =>
    tenants.add({
      tenantId: TENANT,
      name: 'A customer',
      status: 'active',
      taskDeadlineMinutes: 15,
      retentionDays: 30,
      createdAt: START,
      ...fields,
    });
  const putWatch = (fields: Partial<Watch> = {}) =>
    watches.add({
      tenantId: TENANT,
      kind: 'jobStarted',
      id: DEFINITION,
      since: START,
      wanted: true,
      generation: 0,
      failures: 0,
      ...fields,
    });
  await putTenant();
  await putWatch();
  await putWatch({ kind: 'jobFetchable', id: PRINTER });

  const deps = startProcess();
  return {
    deps,
    startProcess,
    clock,
    world,
    logger,
    ledger,
    ledgerTable,
    tenantTable,
    tenants,
    watches,
    watchTable,
    queues,
    throttle,
    renewals,
    sweepRequests,
    putTenant,
    putWatch,
    /** The rules in force from now on. */
    useRules: (rules: RulesInForce) => void (inForce.rules = rules),
    /** The same by a document with these rules. */
    useDocument(rules: readonly object[], fields: object = {}): void {
      const read = readDocument(JSON.stringify({ version: 1, ...fields, rules }));
      if (!('document' in read)) throw new Error(JSON.stringify(read.faults));
      inForce.rules = { kind: 'rules', document: read.document, etag: '"7"', blob: 'rules/default.json' };
    },
    /** Prints one job that waits with its task in processing. */
    printStarted: () => {
      world.putTask(TASK, { parentUrl: PARENT_URL });
      world.putJob(PRINTER, JOB, {}, [TASK]);
    },
    /** Prints one job that is ready for download. */
    printFetchable: () =>
      world.putJob(PRINTER, JOB, {
        isFetchable: true,
        documents: [{ id: 'document-1', contentType: 'application/pdf', size: 1024 }],
      }),
    process: (input: unknown, process: ProcessDeps = deps) => processNotification(process, input),
    /** The message that was deferred last, parsed as the Functions library would. */
    lastDeferred: (): unknown => JSON.parse(queues.jobs.sent.at(-1)?.text ?? 'null') as unknown,
    events: () => queues.events.sent.map(({ text }) => JSON.parse(text) as Record<string, unknown>),
    async row(reference: JobReference = STARTED): Promise<LedgerRow | undefined> {
      return (await ledger.get(ledgerKey(reference)))?.value;
    },
  };
}

export type JobWorker = Awaited<ReturnType<typeof createJobWorker>>;

/** A message of print-notifications as the Functions library hands it over. */
export function messageOf(
  reference: JobReference,
  fields: { [Field in keyof JobMessage]?: JobMessage[Field] | undefined } = {},
): unknown {
  const message = {
    reference,
    foundBy: 'graph',
    receivedAt: START,
    traceparent: TRACEPARENT,
    deferrals: 0,
    generation: 0,
    ...fields,
  } as JobMessage;
  return JSON.parse(formatJobMessage(message)) as unknown;
}
