import { tenantA } from './harness';
import { usePrinting } from './usePrinting';

const printing = usePrinting();

describe('memory of a long run', () => {
  it('forgets old jobs with their tasks, documents and downloads, but none that an open task blocks', async () => {
    const { control, clock } = printing.harness();
    await control.setVariants({ jobKeptMinutes: 1440 });
    const old = await printing.printPaused();
    await printing.finish(old.taskId);
    const [plain] = await control.print(tenantA, { printerId: printing.scene().plain });
    const plainPath = `/printers/${printing.scene().plain}/jobs/${plain?.jobId ?? ''}`;
    const { documents } = await printing.jobState(`${plainPath}?$expand=documents`);
    const [document] = documents as { id: string }[];
    const download = await printing.graph('GET', `${plainPath}/documents/${document?.id ?? ''}/$value`);
    const blocked = await printing.printPaused();
    const jobs = async () => (await control.state()).tenants[0]?.jobs.length;
    clock.aheadMs = 1439 * 60_000;
    expect(await jobs()).toBe(3);
    expect((await fetch(download.headers.get('location') ?? '')).status).toBe(404);
    clock.aheadMs = 1441 * 60_000;
    expect(await jobs()).toBe(1);
    expect((await printing.graph('GET', old.path)).status).toBe(404);
    expect((await printing.graph('GET', printing.taskPath(old.taskId))).status).toBe(404);
    expect((await printing.graph('GET', blocked.path)).status).toBe(200);
  });

  it('keeps the lists that long tests read: jobs still listed, tasks open for long', async () => {
    const { control, clock } = printing.harness();
    const before = await printing.printPaused();
    clock.aheadMs = 30 * 60_000;
    const later = await printing.printPaused();
    await control.print(tenantA, { printerId: printing.scene().plain, visibleAfterMs: 60_000 });
    const [open] = await control.openTasks();
    expect(open).toMatchObject({ tenantId: tenantA, taskId: before.taskId, jobId: before.jobId, state: 'processing' });
    expect(open?.ageMinutes).toBeGreaterThanOrEqual(30);
    expect(await control.openTasks({ tenantId: 'another' })).toEqual([]);
    const ids = (jobs: { jobId: string }[]) => jobs.map(({ jobId }) => jobId);
    expect(ids(await control.listedJobs({ tenantId: tenantA }))).toEqual([before.jobId, later.jobId]);
  });
});
