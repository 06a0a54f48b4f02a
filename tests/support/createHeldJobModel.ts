import { randomBytes } from 'node:crypto';
import type { CallGraph, GraphCall } from '../../shared/graph/client';
import type { Ledger } from '../../shared/jobs/ledger';
import { userTag } from '../../shared/jobs/ledgerIndex';
import type { LedgerRow } from '../../shared/jobs/ledgerRow';
import { ledgerKey, parseJobMessage } from '../../shared/jobs/message';
import { storeWish, type WishAction } from '../../shared/jobs/wishes';
import type { MessageQueue } from '../../shared/storage/queues';
import { listHeldTasks, sweepTasks } from '../../shared/sweep/listing';
import { recoverJobs } from '../../shared/sweep/recoverJobs';
import { createSweepMemory, memoryName, type SweepMemory } from '../../shared/sweep/sweepMemory';
import { isRecord } from '../../shared/parse';
import { createCallBatch } from './createCallBatch';
import { parseRules } from './arbitraryRules';
import { ReceiverError } from '../../shared/errors';
import { GraphError } from '../../shared/graph/errors';
import { graphError } from './createFakeGraph';
import { createJobWorker, DEFINITION, JOB, messageOf, PRINTER, STARTED, TASK, TENANT } from './createJobWorker';
import { CLIENT_ID } from './createSubscriptionWorld';
import { createVirtualQueue } from './virtualQueue';

export const TARGET = '66666666-6666-6666-6666-666666666666';
const GONE = '77777777-7777-7777-7777-777777777777';
const USER = { id: 'user-1', userPrincipalName: 'ada@contoso.com' };
const KEY = ledgerKey(STARTED);
const PLACE = `${PRINTER}/${JOB}`;

/** The host keeps the message of a dead process, or of one whose work failed, invisible for so long (docs/architecture.md). */
const HIDDEN_SECONDS = 600;

/** A process dies at its `call`-th call to storage or Graph, before or after its effect. */
export interface Death {
  call: number;
  when: 'before' | 'after';
}

/** What the next write to Graph meets. `late`: it is answered with 503, and takes effect in 20 seconds. */
export type GraphTrouble = 'lostAnswer' | 'late' | 'refused' | 'unavailable';
const LATE_MS = 20_000;

/** The memory of the sweeps of one process. To create it takes longer than all else, so the models of a test share it. */
export function createSharedMemory() {
  let now = () => 0;
  const memory = createSweepMemory({ now: () => now() });
  return {
    /** Forgets what another model has noted. */
    startWith(clock: { now: () => number }): SweepMemory {
      now = () => clock.now();
      memory.forget(memoryName(STARTED));
      memory.done.clear();
      return memory;
    },
  };
}

/** One job whose started task one rule decides on, with everything that may happen to it. */
export async function createHeldJobModel(
  then: object,
  onFailure: 'release' | 'abort',
  shared: ReturnType<typeof createSharedMemory>,
) {
  const worker = await createJobWorker();
  const { world, clock, ledger, ledgerTable, tenants, watches, logger } = worker;
  const jobs = createVirtualQueue(clock);
  const effects: string[] = [];
  const sent = new Set<string>();
  const accepted: { action: WishAction; at: number; by: string }[] = [];
  const trouble: GraphTrouble[] = [];
  const events = { isRefusing: false };
  const eventsQueue: MessageQueue = {
    send: (text, options) =>
      events.isRefusing
        ? Promise.reject(new ReceiverError('queueUnavailable', 'Queue storage answered 403'))
        : worker.queues.events.send(text, options),
  };
  const document = parseRules({ version: 1, onFailure, rules: [{ name: 'the rule', on: 'jobStarted', then }] });
  const inForce = { kind: 'rules', document, etag: '"1"', blob: 'rules/default.json' } as const;
  worker.useRules(inForce);
  world.printers.add(TARGET);
  world.putTask(TASK, { parentUrl: `https://graph.microsoft.com/v1.0/print/printers/${PRINTER}/jobs/${JOB}` });
  world.putJob(PRINTER, JOB, { createdBy: USER }, [TASK]);
  await tenants.update(TENANT, (tenant) => ({ ...tenant, onFailure }));

  const isPaused = () => {
    const { status, redirectedTo } = world.jobs.get(PLACE)?.() ?? {};
    return isRecord(status) && status['state'] === 'paused' && redirectedTo === undefined;
  };

  const perform = async (call: GraphCall) => {
    const effect = isPaused() ? effectOf(call) : undefined;
    const answer = await world.callGraph(call);
    if (effect !== undefined) effects.push(effect);
    return answer;
  };
  let late: { at: number; call: GraphCall } | undefined;
  const performLate = async () => {
    if (!late || clock.now() < late.at) return;
    const { call } = late;
    late = undefined;
    if (isPaused()) await perform(call).catch(() => undefined);
  };

  /** Graph: writes to a job need a paused one (api/printjob-update.md, -abort, -redirect). */
  const callGraph: CallGraph = async (call) => {
    await performLate();
    if (call.method === 'GET') return world.callGraph(call);
    const kind = isPaused() ? effectOf(call) : undefined;
    const isOfJob = call.path.includes('/jobs/');
    const met = trouble.shift();
    if (kind !== undefined) sent.add(kind);
    if (met === 'late') late = { at: clock.now() + LATE_MS, call };
    if (met === 'unavailable' || met === 'late') throw graphError('unavailable');
    try {
      // What Graph has begun it does not refuse for lack of a permission.
      if (isOfJob && met === 'refused' && !late) throw graphError('forbidden');
      if (isOfJob && !isPaused()) throw graphError('rejected');
      const answer = await perform(call);
      if (met === 'lostAnswer') throw graphError('unavailable');
      return answer;
    } catch (error) {
      const isRefusal = error instanceof GraphError && !error.retryable;
      if (isRefusal && kind !== undefined && !late) sent.delete(kind);
      throw error;
    }
  };

  /** A process that may die. Its caches are those of the others: to create them takes most of the time of this test. */
  function startProcess(death: Death | undefined) {
    let calls = 0;
    let die: () => void = () => undefined;
    const dead = new Promise<'dead'>((resolve) => (die = () => resolve('dead')));
    const hang = () => {
      die();
      return new Promise<never>(() => undefined);
    };
    const mortal = async <T>(act: () => Promise<T>): Promise<T> => {
      calls += 1;
      const isLast = calls === death?.call;
      if (isLast && death?.when === 'before') return hang();
      const result = await act();
      return isLast ? hang() : result;
    };
    const mortalQueue = (queue: MessageQueue): MessageQueue => ({
      send: (text, options) => mortal(() => queue.send(text, options)),
    });
    const mortalLedger: Ledger = {
      ...ledger,
      get: (key) => mortal(() => ledger.get(key)),
      insert: (reference, row) => mortal(() => ledger.insert(reference, row)),
      replace: (reference, row, known) => mortal(() => ledger.replace(reference, row, known)),
    };
    const process = {
      ...worker.deps,
      ledger: mortalLedger,
      callGraph: (call: GraphCall) => mortal(() => callGraph(call)),
      queues: { ...worker.queues, jobs: mortalQueue(jobs), events: mortalQueue(eventsQueue) },
    };
    return { process, dead };
  }

  const sweepDeps = {
    callBatch: createCallBatch(callGraph),
    callGraph,
    graphBaseUrl: 'https://graph.microsoft.com/v1.0',
    clientId: CLIENT_ID,
    ...{ tenants, watches, ledger, jobs, clock, logger, randomBytes },
    memory: shared.startWith(clock),
    random: () => 0,
  };

  return {
    clock,
    logger,
    /** What was done to the paused job, in order. */
    effects,
    /** What Graph was asked to do to the paused job and has not refused. */
    sent,
    /** The wishes that were accepted. */
    accepted,
    /** What the next writes to Graph meet. */
    trouble,
    /** Whether the queue of events refuses the app. */
    refuseEvents: (isRefusing: boolean) => void (events.isRefusing = isRefusing),
    task: () => world.tasks.get(TASK)?.state,
    row: async (): Promise<LedgerRow | undefined> => (await ledger.get(KEY))?.value,
    /** Id and outcome of each event, in the order in which they were sent. */
    events: () =>
      worker.events().map(({ id, data }) => ({ id, outcome: isRecord(data) ? data['outcome'] : undefined })),
    notify: () => jobs.send(JSON.stringify(messageOf(STARTED))),
    /** Each message that is visible now is worked on once. The first process may die. */
    async deliver(death?: Death): Promise<void> {
      let plan = death;
      for (const message of await jobs.take(HIDDEN_SECONDS)) {
        const { process, dead } = startProcess(plan);
        plan = undefined;
        const input: unknown = JSON.parse(message.text);
        if ('malformed' in parseJobMessage(input)) throw new Error(`No job message: ${message.text}`);
        const ended = await Promise.race([worker.process(input, process).catch(() => 'failed' as const), dead]);
        if (ended !== 'dead' && ended !== 'failed') await jobs.remove(message);
      }
    },
    async wish(action: WishAction, target: 'known' | 'gone'): Promise<void> {
      const by = `caller ${accepted.length}`;
      const wish = { action, by, at: new Date(clock.now()).toISOString() };
      const printer = action === 'redirect' ? { printerId: target === 'known' ? TARGET : GONE } : {};
      const result = await storeWish({ ledger, jobs, clock, randomBytes }, KEY, { ...wish, ...printer });
      if (result.outcome !== 'accepted') return;
      accepted.push({ action, at: clock.now(), by: result.job.wish?.by ?? '' });
    },
    /**
     * The user cancels the job while it waits. Whether its task ends with it is not documented (api/printjob-cancel.md). A job
     * that is canceled after its release looks the same to a run that takes over: that run may repeat the event as ended.
     */
    cancel(endsTask: boolean): void {
      const show = world.jobs.get(PLACE);
      if (!show || !isPaused() || world.tasks.get(TASK)?.state !== 'processing') return;
      world.jobs.set(PLACE, () => ({ ...show(), status: { state: 'canceled', isAcquiredByPrinter: false } }));
      if (endsTask) world.putTask(TASK, { ...world.tasks.get(TASK), state: 'aborted' });
    },
    recover: () => recoverJobs(sweepDeps, { tasks: true }),
    async sweep(): Promise<void> {
      const options = { retryNow: false, onUnreadable: () => undefined };
      const held = (await listHeldTasks(sweepDeps, TENANT, options.onUnreadable))(DEFINITION);
      const definition = { id: DEFINITION, isWatched: true, held };
      await sweepTasks(sweepDeps, { tenantId: TENANT, taskDeadlineMinutes: 15 }, definition, options);
    },
    /** The keys of the ledger's index as they are, and as the state of the row says (docs/decisions/0020-acting-on-jobs.md). */
    async index(): Promise<{ found: string[]; expected: string[] }> {
      const found: string[] = [];
      for await (const { cells } of ledgerTable.list(TENANT)) {
        if (cells['rowKey'] !== KEY.rowKey) found.push(String(cells['rowKey']));
      }
      const row = (await ledger.get(KEY))?.value;
      const isHeld = row?.phase === 'end' && row.status !== 'done';
      const tags = [USER.id, USER.userPrincipalName].map((user) => userTag(TENANT, user));
      const expected = [
        ...(row ? [`day_${row.firstSeenAt.slice(0, 10)}_${KEY.rowKey}`] : []),
        ...(row?.status === 'claimed' ? [`open_${KEY.rowKey}`] : []),
        ...(isHeld ? [`due_${row.heldUntil ?? ''}_${KEY.rowKey}`] : []),
        ...(isHeld ? tags.map((tag) => `held_${tag}_${KEY.rowKey}`) : []),
      ];
      return { found: found.sort(), expected: expected.sort() };
    },
  };
}

export type HeldJobModel = Awaited<ReturnType<typeof createHeldJobModel>>;

/** What a call does to a paused job. A change of its configuration is none: it still waits. */
function effectOf({ method, path, body }: GraphCall): string | undefined {
  if (path.endsWith('/redirect')) return 'redirect';
  if (path.endsWith('/abort')) return 'abort';
  if (method !== 'PATCH' || !path.includes('/tasks/')) return undefined;
  const { status } = isRecord(body) ? body : {};
  return isRecord(status) && status['state'] === 'aborted' ? 'abort' : 'release';
}
