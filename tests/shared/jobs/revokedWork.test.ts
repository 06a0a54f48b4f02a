import { afterAdmission, parseJobMessage, watchOf, type JobReference } from '../../../shared/jobs/message';
import { createArchive } from '../../support/createArchive';
import { graphError } from '../../support/createFakeGraph';
import { FETCHABLE, JOB, messageOf, PRINTER, STARTED } from '../../support/createJobWorker';
import { thrower } from '../../support/createPrintWorld';

/** Worker and archive, with a watch whose clientState can be revoked. */
async function createDeployment() {
  const archive = await createArchive();
  return {
    ...archive,
    revoke: (reference: JobReference) =>
      archive.watches.update(watchOf(reference), (watch) => ({ ...watch, generation: watch.generation + 1 })),
    lastData: () => (archive.events().at(-1)?.['data'] ?? {}) as Record<string, unknown>,
  };
}

type Deployment = Awaited<ReturnType<typeof createDeployment>>;
let app: Deployment;
beforeEach(async () => {
  app = await createDeployment();
});

describe('a clientState that is revoked while a job is in the archive', () => {
  async function toArchive(reference: typeof STARTED | typeof FETCHABLE) {
    const hold = { for: '1h', else: 'abort', document: true };
    app.useDocument([
      { name: 'keep', on: 'jobFetchable', then: { archive: {} } },
      { name: 'inspect', on: 'jobStarted', then: { hold } },
    ]);
    app.printStarted();
    const documents = [{ id: 'document-1', contentType: 'application/pdf', size: 27 }];
    app.world.putJob(PRINTER, JOB, { isFetchable: reference === FETCHABLE, documents }, [STARTED.taskId]);
    expect(await app.process(messageOf(reference))).toBe('archiving');
  }

  it('does not stop a ready job: its documents are stored, and its event says so', async () => {
    await toArchive(FETCHABLE);
    await app.revoke(FETCHABLE);
    expect(await app.archive(app.lastArchive())).toBe('stored');
    expect(await app.process(app.lastDeferred())).toBe('done');
    expect(app.lastData()).toMatchObject({ outcome: 'archived' });
  });

  it('does not release a job that waits for its inspection', async () => {
    await toArchive(STARTED);
    await app.revoke(STARTED);
    expect(await app.archive(app.lastArchive())).toBe('stored');
    expect(await app.process(app.lastDeferred())).toBe('held');
    expect(app.world.tasks.get(STARTED.taskId)?.state).toBe('processing');
    expect(app.lastData()).toMatchObject({ outcome: 'held', rule: 'inspect' });
  });

  it('does not stop a message of the archive that still has its generation', async () => {
    await toArchive(FETCHABLE);
    await app.revoke(FETCHABLE);
    expect(await app.archive(messageOf(FETCHABLE))).toBe('stored');
    expect(await app.archive(messageOf(FETCHABLE))).toBe('recorded');
    expect(await app.process(app.lastDeferred())).toBe('done');
  });

  it('does not stop a job of the archive that waits for Graph', async () => {
    await toArchive(FETCHABLE);
    app.world.next('GET', /\$value$/, thrower(graphError('unavailable')));
    expect(await app.archive(messageOf(FETCHABLE))).toBe('deferred');
    await app.revoke(FETCHABLE);
    expect(await app.process(app.lastDeferred())).toBe('archiving');
    expect(await app.archive(app.lastArchive())).toBe('stored');
  });
});

describe.each([
  ['JobStarted', STARTED],
  ['JobFetchable', FETCHABLE],
] as const)('a %s whose clientState is revoked while it waits', (_name, reference) => {
  const print = () => {
    app.printStarted();
    app.world.putJob(PRINTER, JOB, { isFetchable: reference === FETCHABLE }, [STARTED.taskId]);
  };

  it.each(['unavailable', 'throttled'] as const)('for Graph (%s) is done by its own message', async (answer) => {
    print();
    app.world.next('GET', /./, thrower(graphError(answer)));
    expect(await app.process(messageOf(reference))).toBe('deferred');
    await app.revoke(reference);
    expect(await app.process(app.lastDeferred())).toBe('done');
    expect(app.events()).toHaveLength(1);
  });

  it('to be shown by Graph is done by its own message', async () => {
    expect(await app.process(messageOf(reference))).toBe('deferred');
    await app.revoke(reference);
    print();
    expect(await app.process(app.lastDeferred())).toBe('done');
    expect(app.events()).toHaveLength(1);
  });

  it('for the run that has claimed it is done by its own message', async () => {
    print();
    const { readAccess } = app.deps;
    const dead = { ...app.deps, callGraph: () => new Promise<never>(() => undefined), readAccess };
    void app.process(messageOf(reference), dead);
    await new Promise((resolve) => setImmediate(resolve));
    expect(await app.process(messageOf(reference))).toBe('deferred');
    await app.revoke(reference);
    app.clock.advance(2 * 60_000);
    expect(await app.process(app.lastDeferred())).toBe('done');
  });

  it('for a place, before it was judged, is dropped', async () => {
    print();
    const places = { enter: () => false, leave: () => undefined };
    expect(await app.process(messageOf(reference), { ...app.deps, places })).toBe('waiting');
    await app.revoke(reference);
    expect(await app.process(JSON.parse(app.queues.waiting.sent.at(-1)?.text ?? ''))).toBe('dropped');
    expect(app.world.calls).toEqual([]);
  });
});

it('a message of an admitted job has all its fields but the generation', () => {
  const parsed = parseJobMessage(messageOf(STARTED));
  if (!('message' in parsed) || !parsed.message.reference) throw new Error('not a message of a job');
  const { generation, ...others } = parsed.message;
  expect(generation).toBe(0);
  expect(afterAdmission(parsed.message)).toEqual(others);
});
