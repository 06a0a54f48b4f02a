import { createJobWorker, FETCHABLE, JOB_PATH, messageOf, STARTED, TASK_PATH } from '../../support/createJobWorker';

/** The POST of Graph is 1.7 s older than the first run, as a queue that is read every two seconds delivers it. */
const POSTED = '2026-11-21T23:59:58.300Z';
const CLAIMED = '2026-11-22T00:00:00.000Z';

/** The worker, whose calls to Graph take `readMs` for a GET and `actMs` for a PATCH. */
async function createSlowGraph(readMs: number, actMs: number) {
  const worker = await createJobWorker();
  const callGraph: typeof worker.world.callGraph = async (call) => {
    worker.clock.advance(call.method === 'GET' ? readMs : actMs);
    return worker.world.callGraph(call);
  };
  return { worker, process: (message: unknown) => worker.process(message, worker.startProcess({ callGraph })) };
}

test('the row keeps when the POST was received, and when the job was claimed, read, acted on and reported', async () => {
  const { worker, process } = await createSlowGraph(200, 300);
  worker.printStarted();
  await expect(process(messageOf(STARTED, { receivedAt: POSTED }))).resolves.toBe('done');
  expect(worker.world.said()).toEqual([`GET ${JOB_PATH}?$expand=tasks`, `PATCH ${TASK_PATH}`]);
  expect(await worker.row(STARTED)).toMatchObject({
    receivedAt: POSTED,
    firstSeenAt: CLAIMED,
    readAt: '2026-11-22T00:00:00.200Z',
    actedAt: '2026-11-22T00:00:00.500Z',
    sentAt: '2026-11-22T00:00:00.500Z',
  });
});

test('a ready job is read, and nothing is done at Graph', async () => {
  const { worker, process } = await createSlowGraph(200, 300);
  worker.printFetchable();
  await expect(process(messageOf(FETCHABLE, { receivedAt: POSTED }))).resolves.toBe('done');
  const row = await worker.row(FETCHABLE);
  expect(row).toMatchObject({ receivedAt: POSTED, readAt: '2026-11-22T00:00:00.200Z' });
  expect(row).not.toHaveProperty('actedAt');
});

test('the time of the first POST stays when Graph repeats its notification', async () => {
  const { worker, process } = await createSlowGraph(0, 0);
  worker.printStarted();
  await process(messageOf(STARTED, { receivedAt: POSTED }));
  await process(messageOf(STARTED, { receivedAt: '2026-11-22T00:05:00.000Z' }));
  expect(await worker.row(STARTED)).toMatchObject({ receivedAt: POSTED });
});

test.each(['', 'yesterday'])('a message whose time is "%s" leaves the cell out', async (receivedAt) => {
  const { worker, process } = await createSlowGraph(0, 0);
  worker.printStarted();
  await process(messageOf(STARTED, { receivedAt }));
  expect(await worker.row(STARTED)).not.toHaveProperty('receivedAt');
});
