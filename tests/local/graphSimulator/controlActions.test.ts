import { tenantA } from './harness';
import { usePrinting } from './usePrinting';

const printing = usePrinting();
const { graph, taskPath, printPaused, finish, jobState } = printing;
const control = () => printing.harness().control;
const taskState = async (taskId: string) => (await graph('GET', taskPath(taskId))).body;

describe('what others do with a paused job', () => {
  it.each([
    [true, 'aborted'],
    [false, 'processing'],
  ])('ends its task as the variant cancelEndsTask %s says (api/printjob-cancel.md is silent)', async (ends, state) => {
    await control().setVariants({ cancelEndsTask: ends });
    const { triggered } = printing.scene();
    for (const action of ['cancel', 'abort', 'delete']) {
      const { jobId, taskId, path } = await printPaused();
      if (action === 'delete') await control().deleteJob(tenantA, triggered, jobId);
      else await control().actOnJob(tenantA, triggered, jobId, action);
      expect(await taskState(taskId)).toMatchObject({ status: { state } });
      expect((await graph('PATCH', path, { configuration: {} })).status).toBe(action === 'delete' ? 404 : 400);
    }
  });

  it('deletes a job, also one that has ended', async () => {
    const { jobId, taskId, path } = await printPaused();
    await finish(taskId);
    await control().deleteJob(tenantA, printing.scene().triggered, jobId);
    expect((await graph('GET', path)).status).toBe(404);
    await expect(control().deleteJob(tenantA, printing.scene().triggered, jobId)).rejects.toThrow('404');
  });

  it('deletes a printer with its jobs; it is no destination any more (api/printjob-redirect.md)', async () => {
    const { taskId, path } = await printPaused();
    const other = await control().createPrinter(tenantA);
    await control().deletePrinter(tenantA, other.id);
    const order = { destinationPrinterId: other.id };
    expect((await graph('POST', `${path}/redirect`, order)).status).toBe(404);
    await control().deletePrinter(tenantA, printing.scene().triggered);
    expect((await graph('GET', path)).status).toBe(404);
    expect((await graph('GET', `/printers/${printing.scene().triggered}`)).status).toBe(404);
    expect(await taskState(taskId)).toMatchObject({ status: { state: 'aborted' } });
  });

  it('aborts a task once', async () => {
    const { taskId, path } = await printPaused();
    await control().abortTask(tenantA, taskId);
    expect(await taskState(taskId)).toMatchObject({ status: { state: 'aborted' } });
    expect(await jobState(path)).toMatchObject({ isFetchable: true });
    await expect(control().abortTask(tenantA, taskId)).rejects.toThrow('409');
    await expect(control().abortTask(tenantA, 'none')).rejects.toThrow('404');
  });
});

describe('the view of tests', () => {
  it('shows one job with its configuration and tasks, also before reads do', async () => {
    const { triggered: printerId, definition } = printing.scene();
    const order = { printerId, visibleAfterMs: 60_000, user: { id: 'ada' }, configuration: { copies: 3 } };
    const [printed] = await control().print(tenantA, order);
    expect(await control().job(tenantA, printerId, printed?.jobId ?? '')).toMatchObject({
      jobId: printed?.jobId,
      state: 'paused',
      createdBy: { id: 'ada' },
      configuration: { copies: 3 },
      tasks: [{ id: printed?.taskId, definitionId: definition, state: 'processing' }],
    });
  });

  it('counts the calls of Graph by kind, also refused ones, and by tenant', async () => {
    const { path } = await printPaused();
    await control().clearCalls();
    await graph('PATCH', path, { configuration: { copies: 2 } });
    await graph('PATCH', path, {});
    await graph('POST', `${path}/abort`);
    const counts = {
      'PATCH /print/printers/{printerId}/jobs/{jobId}': 2,
      'POST /print/printers/{printerId}/jobs/{jobId}/abort': 1,
    };
    expect(await control().callCounts()).toEqual(counts);
    expect(await control().callCounts({ tenantId: tenantA })).toEqual(counts);
    expect(await control().callCounts({ tenantId: 'another' })).toEqual({});
  });
});
