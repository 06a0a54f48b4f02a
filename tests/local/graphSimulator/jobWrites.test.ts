import { tenantA, tenantB } from './harness';
import { usePrinting } from './usePrinting';

const printing = usePrinting();
const { graph, taskPath, printPaused, finish, jobState, values } = printing;
const control = () => printing.harness().control;

/** The three writes to a job, each as it would succeed while the job waits for its task. */
const writes = (path: string): [name: string, ...call: [method: string, path: string, body: object]][] => [
  ['PATCH', 'PATCH', path, { configuration: { copies: 2 } }],
  ['abort', 'POST', `${path}/abort`, { reason: 'quota' }],
  ['redirect', 'POST', `${path}/redirect`, { destinationPrinterId: printing.scene().plain }],
];

async function expectRefused(path: string, status = 400) {
  for (const [name, ...call] of writes(path)) expect([name, (await graph(...call)).status]).toEqual([name, status]);
}

describe('writes to a job need a task in processing of the calling app (api/printjob-update.md, -redirect, -abort)', () => {
  it('refuses a job that was released and is fetchable', async () => {
    const { taskId, path } = await printPaused();
    await finish(taskId);
    expect(await jobState(path)).toMatchObject({ isFetchable: true });
    await expectRefused(path);
    expect(await jobState(path)).toMatchObject({ isFetchable: true, configuration: { copies: 1 } });
  });

  it('refuses a job on a printer without a trigger', async () => {
    const printerId = printing.scene().plain;
    const [job] = await control().print(tenantA, { printerId, transformMs: 60_000 });
    await expectRefused(`/printers/${printerId}/jobs/${job?.jobId ?? ''}`);
  });

  it.each(['acquire', 'complete', 'cancel', 'abort'])('refuses a job after %s', async (action) => {
    const { jobId, taskId, path } = await printPaused();
    if (action === 'acquire') await finish(taskId);
    await control().actOnJob(tenantA, printing.scene().triggered, jobId, action);
    await expectRefused(path);
  });

  it('refuses a job that was redirected', async () => {
    const { path } = await printPaused();
    await graph('POST', `${path}/redirect`, { destinationPrinterId: printing.scene().plain });
    await expectRefused(path);
    expect(values(await graph('GET', `/printers/${printing.scene().plain}/jobs`))).toHaveLength(1);
  });

  it('refuses a task that is pending', async () => {
    const { taskId, path } = await printPaused();
    await finish(taskId, 'pending');
    await expectRefused(path);
  });

  it('refuses a task that the trigger of another app started', async () => {
    const { id: definitionId } = await control().createDefinition(tenantA, { appId: 'other-app' });
    const { id: printerId } = await control().createPrinter(tenantA);
    await control().createTrigger(tenantA, { printerId, definitionId });
    const [job] = await control().print(tenantA, { printerId });
    await expectRefused(`/printers/${printerId}/jobs/${job?.jobId ?? ''}`);
  });

  it.each([
    ['reject400', 400],
    ['reject403', 403],
    ['reject409', 409],
  ] as const)('answers without one as the variant %s says (silent)', async (jobWriteWithoutTask, status) => {
    await control().setVariants({ jobWriteWithoutTask });
    const { taskId, path } = await printPaused();
    await finish(taskId);
    await expectRefused(path, status);
  });

  it('knows only jobs of its tenant and printer', async () => {
    await printPaused();
    await expectRefused(`/printers/${printing.scene().triggered}/jobs/1`, 404);
    await expectRefused(`/printers/none/jobs/5182`, 404);
  });
});

describe('the configuration (api/printjob-update.md, resources/printjobconfiguration.md)', () => {
  it('keeps the properties that are not sent and takes null', async () => {
    const { path } = await printPaused();
    const configuration = { copies: 7, finishings: null, margin: { top: 0 }, pageRanges: [{ start: 1, end: 1 }] };
    expect((await graph('PATCH', path, { configuration })).body).toMatchObject({
      configuration: { ...configuration, colorMode: 'color', duplexMode: 'oneSided' },
    });
  });

  it.each([
    ['a value of another type', { configuration: { copies: 'two' } }],
    ['a fraction for Int32', { configuration: { copies: 1.5 } }],
    ['a text for a Boolean', { configuration: { collate: 'true' } }],
    ['a value that the enumeration does not have', { configuration: { colorMode: 'sepia' } }],
    ['an entry that the enumeration does not have', { configuration: { finishings: ['fold'] } }],
    ['a setting that does not exist', { configuration: { colour: 'auto' } }],
    ['no configuration', {}],
    ['a configuration that is no object', { configuration: 'mono' }],
    ['a read-only field', { configuration: { copies: 2 }, status: { state: 'completed' } }],
    ['a field that cannot be updated', { configuration: { copies: 2 }, isFetchable: true }],
  ])('refuses %s and changes nothing', async (_name, body) => {
    const { path } = await printPaused();
    expect((await graph('PATCH', path, body)).status).toBe(400);
    expect(await jobState(path)).toMatchObject({ configuration: { copies: 1, colorMode: 'color' } });
  });
});

describe('abort (api/printjob-abort.md)', () => {
  it('takes a reason or no body, and answers 204', async () => {
    for (const body of [undefined, {}, { reason: 'quota' }]) {
      const { path } = await printPaused();
      expect((await graph('POST', `${path}/abort`, body)).status).toBe(204);
      expect(await jobState(path)).toMatchObject({ status: { state: 'aborted' }, isFetchable: false });
    }
    const { path } = await printPaused();
    expect((await graph('POST', `${path}/abort`, { reason: 7 })).status).toBe(400);
  });

  it.each([
    [true, 'aborted'],
    [false, 'processing'],
  ])('ends the task as the variant abortEndsTask %s says (silent)', async (abortEndsTask, state) => {
    await control().setVariants({ abortEndsTask });
    const { taskId, path } = await printPaused();
    await graph('POST', `${path}/abort`, {});
    expect((await graph('GET', taskPath(taskId))).body).toMatchObject({ status: { state } });
    await expectRefused(path);
    // The end of the task does not release a job that was aborted.
    await finish(taskId);
    expect(await jobState(path)).toMatchObject({ status: { state: 'aborted' }, isFetchable: false });
  });
});

describe('redirect (api/printjob-redirect.md)', () => {
  it('makes a job on the destination, whose own trigger starts a task', async () => {
    const { id: printerId } = await control().createPrinter(tenantA, { displayName: 'Pull printer' });
    await control().createTrigger(tenantA, { printerId, definitionId: printing.scene().definition });
    const { taskId, path } = await printPaused();
    const answer = await graph('POST', `${path}/redirect`, { destinationPrinterId: printerId.toUpperCase() });
    const created = `/printers/${printerId}/jobs/${String(answer.body['id'])}`;
    const { tasks, ...job } = await jobState(`${created}?$expand=tasks`);
    expect(job).toMatchObject({
      redirectedFrom: `https://graph.microsoft.com/v1.0/print${path}`,
      redirectedTo: null,
      status: { state: 'paused' },
    });
    const [task] = tasks as { id: string }[];
    expect(task).toMatchObject({ status: { state: 'processing' } });
    expect(task?.id).not.toBe(taskId);
    expect((await graph('GET', taskPath(taskId))).body).toMatchObject({ status: { state: 'completed' } });
    expect(await jobState(path)).toMatchObject({ redirectedTo: `https://graph.microsoft.com/v1.0/print${created}` });
  });

  it('refuses a destination that is missing, unknown, of another tenant, deleted, or the printer itself', async () => {
    const { path } = await printPaused();
    const redirect = async (body: object) => (await graph('POST', `${path}/redirect`, body)).status;
    const { plain: foreign } = await printing.harness().scene(tenantB);
    expect(await redirect({})).toBe(400);
    expect(await redirect({ destinationPrinterId: 7 })).toBe(400);
    expect(await redirect({ destinationPrinterId: printing.scene().plain, other: 1 })).toBe(400);
    expect(await redirect({ destinationPrinterId: printing.scene().plain, configuration: { copies: '2' } })).toBe(400);
    expect(await redirect({ destinationPrinterId: printing.scene().triggered })).toBe(400);
    expect(await redirect({ destinationPrinterId: 'none' })).toBe(404);
    expect(await redirect({ destinationPrinterId: foreign })).toBe(404);
    expect(await jobState(`${path}?$expand=tasks`)).toMatchObject({
      redirectedTo: null,
      status: { state: 'paused' },
      tasks: [{ status: { state: 'processing' } }],
    });
  });

  it('shows its result after redirectShownAfterMs, and refuses a second one at once (silent)', async () => {
    await control().setVariants({ redirectShownAfterMs: 5_000, endedTaskListedMinutes: 0 });
    const { taskId, path } = await printPaused();
    const order = { destinationPrinterId: printing.scene().plain };
    const { body } = await graph('POST', `${path}/redirect`, order);
    const tasks = () => graph('GET', `/taskDefinitions/${printing.scene().definition}/tasks`);
    const before = { redirectedTo: null, status: { state: 'paused' }, tasks: [{ status: { state: 'processing' } }] };
    expect(await jobState(`${path}?$expand=tasks`)).toMatchObject(before);
    expect(values(await tasks())).toMatchObject([{ id: taskId, status: { state: 'processing' } }]);
    expect((await graph('POST', `${path}/redirect`, order)).status).toBe(400);
    expect((await finish(taskId)).status).toBe(400);
    expect(values(await graph('GET', `/printers/${order.destinationPrinterId}/jobs`))).toHaveLength(1);
    printing.harness().clock.aheadMs = 6_000;
    expect(await jobState(`${path}?$expand=tasks`)).toMatchObject({
      redirectedTo: expect.stringContaining(`/jobs/${String(body['id'])}`) as string,
      status: { state: 'canceled' },
      tasks: [{ status: { state: 'completed' } }],
    });
    expect(values(await tasks())).toEqual([]);
  });
});

it.each([
  ['releasesJob', { isFetchable: true }],
  ['abortsJob', { isFetchable: false, status: { state: 'aborted' } }],
] as const)('an aborted task %s (resources/printtask.md is silent)', async (abortedTask, job) => {
  await control().setVariants({ abortedTask });
  const { taskId, path } = await printPaused();
  await finish(taskId, 'aborted');
  expect(await jobState(path)).toMatchObject(job);
});

describe('PrintJob.Manage.All', () => {
  it('reads nothing (tables of api/printjob-get.md, api/printer-list-jobs.md, api/printdocument-get-file.md)', async () => {
    const { path } = await printPaused();
    await control().changeTenant(tenantA, { roles: ['PrintJob.Manage.All', 'Printer.Read.All'] });
    for (const read of [path, path.replace(/\/\d+$/, ''), `${path}/documents/1/$value`])
      expect((await graph('GET', read)).status).toBe(403);
  });

  it.each([
    [false, 403],
    [true, 200],
  ])(
    'changes, aborts and redirects alone: %s (permission metadata against api/printjob-update.md)',
    async (manageAlone, status) => {
      await control().setVariants({ manageAlone });
      for (const index of [0, 1, 2]) {
        const { path } = await printPaused();
        await control().changeTenant(tenantA, { roles: ['PrintJob.Manage.All'] });
        const [name, ...call] = writes(path)[index] ?? ['none', 'GET', path, {}];
        const allowed = name === 'abort' ? 204 : 200;
        expect([name, (await graph(...call)).status]).toEqual([name, status === 200 ? allowed : status]);
      }
    },
  );
});
