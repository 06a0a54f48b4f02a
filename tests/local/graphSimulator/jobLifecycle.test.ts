import { randomUUID } from 'node:crypto';
import type { PrintOrder } from '../../../local/graphSimulator/control/controlTypes';
import { tenantA, tenantB } from './harness';
import { usePrinting } from './usePrinting';

const printing = usePrinting();
const { graph, taskPath, printPaused, finish, jobState, values } = printing;

describe('a job on a printer with a trigger', () => {
  it('is paused with one task in processing (concepts/universal-print-concept-overview.md)', async () => {
    const { jobId, taskId, path } = await printPaused();
    expect(await jobState(`${path}?$expand=tasks`)).toMatchObject({
      id: jobId,
      isFetchable: false,
      status: { state: 'paused', isAcquiredByPrinter: false },
      tasks: [
        {
          id: taskId,
          status: { state: 'processing' },
          parentUrl: `https://graph.microsoft.com/v1.0/print/printers/${printing.scene().triggered}/jobs/${jobId}`,
        },
      ],
    });
    expect((await graph('GET', taskPath(taskId))).body).toMatchObject({ status: { state: 'processing' } });
  });

  it('shows tasks and documents only when expanded (api/printjob-get.md)', async () => {
    const { path } = await printPaused();
    const plain = await jobState(path);
    expect([plain['tasks'], plain['documents']]).toEqual([undefined, undefined]);
    expect((await jobState(`${path}?$expand=documents`))['documents']).toHaveLength(1);
  });

  it('continues when its task is completed (resources/printtask.md)', async () => {
    const { taskId, path } = await printPaused();
    expect((await finish(taskId, 'pending')).body).toMatchObject({ status: { state: 'pending' } });
    expect((await jobState(path))['isFetchable']).toBe(false);
    expect((await finish(taskId)).body).toMatchObject({
      status: { state: 'completed', description: 'done' },
    });
    expect((await jobState(path))['isFetchable']).toBe(true);
  });

  it('continues when its task is aborted (silent)', async () => {
    const one = await printPaused();
    await finish(one.taskId, 'aborted');
    expect((await jobState(one.path))['isFetchable']).toBe(true);
  });

  it.each([
    ['reject400', 400],
    ['reject409', 409],
    ['accept', 200],
  ] as const)('answers a change of an ended task as the variant %s says (silent)', async (patchEndedTask, status) => {
    await printing.harness().control.setVariants({ patchEndedTask });
    const { taskId } = await printPaused();
    await finish(taskId);
    expect((await finish(taskId, 'aborted')).status).toBe(status);
    expect((await graph('GET', taskPath(taskId))).body).toMatchObject({ status: { state: 'completed' } });
  });

  it.each([
    ['kept', 'Ours'],
    ['rewritten', 'The print task is completed.'],
  ] as const)('shows the description of a task as the variant %s says (silent)', async (taskDescription, shown) => {
    await printing.harness().control.setVariants({ taskDescription });
    const { taskId } = await printPaused();
    await graph('PATCH', taskPath(taskId), { status: { state: 'completed', description: 'Ours' } });
    expect((await graph('GET', taskPath(taskId))).body).toMatchObject({ status: { description: shown } });
  });

  it('refuses a state that does not exist, and a task that does not (api/printtaskdefinition-update-task.md)', async () => {
    const { taskId } = await printPaused();
    expect((await finish(taskId, 'finished')).status).toBe(400);
    expect((await graph('PATCH', taskPath(taskId), {})).status).toBe(400);
    expect((await finish('none')).status).toBe(404);
  });

  it('is listed under its definition while open and a while after (api/printtaskdefinition-list-tasks.md)', async () => {
    const { taskId } = await printPaused();
    const list = async () => values(await graph('GET', `/taskDefinitions/${printing.scene().definition}/tasks`));
    expect(await list()).toHaveLength(1);
    await finish(taskId);
    expect(await list()).toMatchObject([{ id: taskId, status: { state: 'completed' } }]);
    printing.harness().clock.aheadMs = 1441 * 60_000;
    expect(await list()).toEqual([]);
  });

  it('stays blocked while the task is open', async () => {
    const { path } = await printPaused();
    printing.harness().clock.aheadMs = 5 * 24 * 3_600_000;
    expect((await graph('GET', path)).status).toBe(200);
  });
});

describe('a job on a printer without a trigger', () => {
  const print = async (order: PrintOrder & { printerId: string }) => {
    const [job] = await printing.harness().control.print(tenantA, order);
    return `/printers/${order.printerId}/jobs/${job?.jobId ?? ''}`;
  };

  it('has a short number that is unique within its printer only (resources/printjob.md)', async () => {
    const order = { printerId: printing.scene().plain, count: 2 };
    expect((await printing.harness().control.print(tenantA, order)).map(({ jobId }) => jobId)).toEqual([
      '5182',
      '5183',
    ]);
    expect((await printPaused()).jobId).toBe('5182');
  });

  it('has a number that no job of another tenant has, whatever printers these tenants have', async () => {
    const { control, scene } = printing.harness();
    const numbersOf = async (tenantId: string) => {
      const { plain } = await scene(tenantId);
      const { id: pullPrinter } = await control.createPullPrintPrinter(tenantId);
      const { id: later } = await control.createPrinter(tenantId);
      const printed: string[] = [];
      for (const printerId of [plain, pullPrinter, later]) {
        const jobs = await control.print(tenantId, { printerId, count: 3 });
        printed.push(...jobs.map(({ jobId }) => jobId));
      }
      return new Set(printed);
    };
    const [ofB, ofC] = [await numbersOf(tenantB), await numbersOf(randomUUID())];
    expect([...ofB].filter((number) => ofC.has(number) || Number(number) < 10_000)).toEqual([]);
    // The same order of calls gives the same numbers.
    expect([[...ofB][0], [...ofC][0], ofC.size]).toEqual(['105182', '205182', 3]);
  });

  it('is not found before reads show it', async () => {
    const path = await print({ printerId: printing.scene().plain, visibleAfterMs: 60_000 });
    expect((await graph('GET', path)).status).toBe(404);
    expect(values(await graph('GET', `/printers/${printing.scene().plain}/jobs`))).toEqual([]);
    printing.harness().clock.aheadMs = 60_000;
    expect((await graph('GET', path)).status).toBe(200);
    expect(values(await graph('GET', `/printers/${printing.scene().plain}/jobs`))).toHaveLength(1);
  });

  it('is transformed first and then fetchable, by Date', async () => {
    const path = await print({ printerId: printing.scene().plain, transformMs: 60_000 });
    expect(await jobState(path)).toMatchObject({ isFetchable: false, status: { details: ['transforming'] } });
    printing.harness().clock.aheadMs = 60_000;
    expect((await jobState(path))['isFetchable']).toBe(true);
  });

  it('may be shown as not fetchable for a while after its notification', async () => {
    const path = await print({ printerId: printing.scene().plain, fetchableAfterMs: 60_000 });
    expect(await jobState(path)).toMatchObject({ isFetchable: false, status: { details: ['transforming'] } });
    printing.harness().clock.aheadMs = 60_001;
    expect((await jobState(path))['isFetchable']).toBe(true);
  });

  it('is acquired and completed by a printer (resources/printjobstatus.md)', async () => {
    const path = await print({ printerId: printing.scene().plain });
    const act = (action: string) =>
      printing.harness().control.actOnJob(tenantA, printing.scene().plain, '5182', action);
    await act('acquire');
    expect(await jobState(path)).toMatchObject({
      isFetchable: false,
      status: { state: 'processing', isAcquiredByPrinter: true },
    });
    await act('complete');
    expect(await jobState(path)).toMatchObject({
      status: { state: 'completed', details: ['completedSuccessfully'] },
    });
    await expect(act('cancel')).rejects.toThrow('409');
  });

  it('can be canceled or aborted before it is fetched', async () => {
    for (const [action, state] of [
      ['cancel', 'canceled'],
      ['abort', 'aborted'],
    ] as const) {
      const [job] = await printing.harness().control.print(tenantA, { printerId: printing.scene().triggered });
      const path = `/printers/${printing.scene().triggered}/jobs/${job?.jobId ?? ''}`;
      const { triggered } = printing.scene();
      await printing.harness().control.actOnJob(tenantA, triggered, job?.jobId ?? '', action);
      expect(await jobState(`${path}?$expand=tasks`)).toMatchObject({
        status: { state },
        tasks: [{ status: { state: 'aborted' } }],
      });
    }
  });

  it('is listed with the other jobs; the list takes no $count and no $search (api/printer-list-jobs.md)', async () => {
    await print({ printerId: printing.scene().plain, count: 3 });
    await printing.harness().control.setVariants({ pageSize: 2 });
    const jobs = `/printers/${printing.scene().plain}/jobs`;
    const first = await graph('GET', `${jobs}?$expand=documents`);
    expect(values(first)).toHaveLength(2);
    expect(String(first.body['@odata.nextLink'])).toContain('expand=documents');
    expect((await graph('GET', `${jobs}?$count=true`)).status).toBe(400);
    expect((await graph('GET', `${jobs}?$search=a`)).status).toBe(400);
  });
});
