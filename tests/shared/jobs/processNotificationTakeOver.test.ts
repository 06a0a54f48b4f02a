import { createLedger } from '../../../shared/jobs/ledger';
import type { EntityTable } from '../../../shared/storage/entityTable';
import type { MessageQueue } from '../../../shared/storage/queues';
import type { ProcessDeps } from '../../../shared/jobs/processNotification';
import { createJobWorker, FETCHABLE, messageOf, STARTED, TASK, type JobWorker } from '../../support/createJobWorker';
import { graphError } from '../../support/createFakeGraph';
import { jobRowOf } from '../../support/tableChanges';

/*
 * A run passes its effects one by one to the world. Here it dies before or after the n-th of them: from then on nothing
 * it does reaches anybody. 15 seconds after its lease a new process gets the same message.
 */

type Death = { at: number; side: 'before' | 'after' };
class Died extends Error {}

/** The dependencies of one process whose effects are written down, and which dies at the given effect. */
function createMortal(worker: JobWorker, death?: Death) {
  const journal: string[] = [];
  let dead = false;
  const effect = async <T>(name: string, act: () => Promise<T>): Promise<T> => {
    if (dead) throw new Died();
    journal.push(name);
    const index = journal.length - 1;
    if (death?.at === index && death.side === 'before') dead = true;
    if (dead) throw new Died();
    const result = await act();
    if (death?.at === index) dead = true;
    if (dead) throw new Died();
    return result;
  };
  const { ledgerTable, queues, world } = worker;
  const table: EntityTable = {
    ...ledgerTable,
    get: (...keys) => effect('read row', () => ledgerTable.get(...keys)),
    insert: (row) => effect('claim', () => ledgerTable.insert(row)),
    replace: (row, etag) => effect(String(row['status']), () => ledgerTable.replace(row, etag)),
    write: (changes) => {
      const { kind, row } = jobRowOf(changes);
      return effect(kind === 'insert' ? 'claim' : String(row['status']), () => ledgerTable.write(changes));
    },
  };
  const mortal = (name: string, queue: MessageQueue): MessageQueue => ({
    send: (...args) => effect(name, () => queue.send(...args)),
  });
  const deps: ProcessDeps = worker.startProcess({
    ledger: createLedger(table),
    callGraph: (call) => effect(call.method === 'PATCH' ? 'act' : 'read', () => world.callGraph(call)),
    queues: {
      jobs: mortal('requeue', queues.jobs),
      waiting: mortal('wait', queues.waiting),
      events: mortal('event', queues.events),
      archive: mortal('archive', queues.archive),
      poison: mortal('poison', queues.poison),
    },
  });
  return { deps, journal };
}

const KINDS = [
  ['JobStarted', STARTED, ['claim', 'read', 'act', 'event', 'done']],
  ['JobFetchable', FETCHABLE, ['claim', 'read', 'event', 'done']],
] as const;

async function createPrinted(reference: typeof STARTED | typeof FETCHABLE): Promise<JobWorker> {
  const worker = await createJobWorker();
  if (reference.kind === 'jobStarted') worker.printStarted();
  else worker.printFetchable();
  return worker;
}

test.each(KINDS)('%s: the effects come in the order claim, read, act, event, done', async (_name, reference, order) => {
  const worker = await createPrinted(reference);
  const { deps, journal } = createMortal(worker);
  await worker.process(messageOf(reference), deps);
  expect(journal).toEqual(order);
});

const DEATHS = KINDS.flatMap(([name, reference, order]) =>
  order.flatMap((effect, at) => (['before', 'after'] as const).map((side) => ({ name, reference, effect, at, side }))),
);

test.each(DEATHS)(
  '$name: death $side "$effect" loses nothing and repeats the event only where its record is unknown',
  async ({ reference, effect, at, side }) => {
    const worker = await createPrinted(reference);
    const { deps } = createMortal(worker, { at, side });
    await worker.process(messageOf(reference), deps).catch(() => undefined);

    // The host's lease on the message ends sooner than ours on the row: the redelivered message finds the row busy.
    const claimed = !(effect === 'claim' && side === 'before');
    const recorded = effect === 'done' && side === 'after';
    if (claimed && !recorded) {
      worker.clock.advance(30_000);
      await expect(worker.process(messageOf(reference), worker.startProcess())).resolves.toBe('deferred');
      expect(worker.queues.jobs.sent.at(-1)?.delaySeconds).toBe(75);
    }
    worker.clock.advance(75_000);
    const outcome = await worker.process(messageOf(reference), worker.startProcess());
    expect(outcome).toBe(recorded ? 'duplicate' : 'done');

    const eventIsOut = (effect === 'event' && side === 'after') || (effect === 'done' && side === 'before');
    const events = worker.events();
    expect(events).toHaveLength(eventIsOut ? 2 : 1);
    expect(new Set(events.map(({ id }) => id)).size).toBe(1);
    // Also when it was the dead run that ended the task: the row says that it was about to.
    const word = reference.kind === 'jobStarted' ? 'released' : 'fetchable';
    for (const event of events) expect(event).toMatchObject({ data: { outcome: word } });
    expect(await worker.row(reference)).toMatchObject({ status: 'done', outcome: word });
    if (reference.kind === 'jobStarted') {
      expect(worker.world.tasks.get(TASK)?.state).toBe('completed');
      expect(worker.world.patches()).toBe(1);
    }
  },
);

test('a run that lost its row to another starts nothing more', async () => {
  const worker = await createPrinted(STARTED);
  const slow = worker.startProcess({
    callGraph: async (call) => {
      const answer = await worker.world.callGraph(call);
      if (call.method === 'GET' && worker.events().length === 0) {
        // The call hung for longer than lease and margin; meanwhile another run did it all.
        worker.clock.advance(4 * 60_000);
        await expect(worker.process(messageOf(STARTED), worker.startProcess())).resolves.toBe('done');
      }
      return answer;
    },
  });
  await expect(worker.process(messageOf(STARTED), slow)).resolves.toBe('deferred');
  expect(worker.world.patches()).toBe(1);
  expect(worker.events()).toHaveLength(1);
  await expect(worker.process(worker.lastDeferred())).resolves.toBe('duplicate');
});

test('a run that lost its row before the event sends none', async () => {
  const worker = await createPrinted(FETCHABLE);
  const slow = worker.startProcess({
    callGraph: async (call) => {
      const answer = await worker.world.callGraph(call);
      worker.clock.advance(4 * 60_000);
      await worker.process(messageOf(FETCHABLE), worker.startProcess());
      return answer;
    },
  });
  await expect(worker.process(messageOf(FETCHABLE), slow)).resolves.toBe('deferred');
  expect(worker.events()).toHaveLength(1);
});

test('a run that lost its row during the send reports eventRepeated, and its event has the same id', async () => {
  const worker = await createPrinted(FETCHABLE);
  const { events } = worker.queues;
  const slow = worker.startProcess({
    queues: {
      ...worker.queues,
      events: {
        send: async (text) => {
          worker.clock.advance(4 * 60_000);
          await worker.process(messageOf(FETCHABLE), worker.startProcess());
          await events.send(text);
        },
      },
    },
  });
  await expect(worker.process(messageOf(FETCHABLE), slow)).resolves.toBe('eventRepeated');
  expect(new Set(worker.events().map(({ id }) => id)).size).toBe(1);
});

test('a failed run that lost its row does not change it', async () => {
  const worker = await createJobWorker();
  const slow = worker.startProcess({
    callGraph: async () => {
      worker.clock.advance(11 * 60_000);
      worker.printFetchable();
      await worker.process(messageOf(FETCHABLE), worker.startProcess());
      throw graphError('notFound');
    },
  });
  await expect(worker.process(messageOf(FETCHABLE), slow)).resolves.toBe('deferred');
  expect(await worker.row(FETCHABLE)).toMatchObject({ status: 'done' });
  expect(worker.events()).toHaveLength(1);
});

describe('storage that loses answers', () => {
  /** The write of this status takes effect, and its caller gets an error. */
  function loseAnswerOf(worker: JobWorker, status: string, times: number): ProcessDeps {
    let left = times;
    return worker.startProcess({
      ledger: createLedger({
        ...worker.ledgerTable,
        write: async (changes) => {
          const written = await worker.ledgerTable.write(changes);
          if (jobRowOf(changes).row['status'] !== status || left === 0) return written;
          left -= 1;
          throw new Error('The answer was lost');
        },
      }),
    });
  }

  test('a record whose answer was lost stays: the message finds it done and the event is not repeated', async () => {
    const worker = await createPrinted(FETCHABLE);
    const deps = loseAnswerOf(worker, 'done', 1);
    await expect(worker.process(messageOf(FETCHABLE), deps)).rejects.toThrow('The answer was lost');
    expect(await worker.row(FETCHABLE)).toMatchObject({ status: 'done' });
    await expect(worker.process(messageOf(FETCHABLE))).resolves.toBe('duplicate');
    expect(worker.events()).toHaveLength(1);
  });

  test('a claim that cannot be released is taken over after its lease', async () => {
    const worker = await createPrinted(FETCHABLE);
    const deps = worker.startProcess({
      ledger: createLedger({
        ...worker.ledgerTable,
        write: (changes) =>
          jobRowOf(changes).kind === 'insert' ? worker.ledgerTable.write(changes) : Promise.reject(new Error('down')),
      }),
    });
    await expect(worker.process(messageOf(FETCHABLE), deps)).rejects.toThrow('down');
    expect(worker.logger.events.map(({ event }) => event)).toContain('job.claimNotReleased');
    await expect(worker.process(messageOf(FETCHABLE))).resolves.toBe('deferred');
    worker.clock.advance(105_000);
    await expect(worker.process(worker.lastDeferred())).resolves.toBe('done');
  });
});
