import { listJobs, type ListedJob } from '../../../../shared/graph/api/printJobs';
import { listPullPrintPrinters } from '../../../../shared/graph/api/pullPrintPrinters';
import { listTasks, type PrintTask } from '../../../../shared/graph/api/printTasks';

const PARENT = 'https://graph.microsoft.com/v1.0/print/printers/AAAA/jobs/5182';

/** Graph answering one page with these items. */
function answering(items: unknown[]) {
  const paths: string[] = [];
  return {
    paths,
    paging: {
      graphBaseUrl: 'https://graph.microsoft.com/v1.0',
      callGraph: ({ path }: { path: string }) => {
        paths.push(path);
        return Promise.resolve({ status: 200, body: { value: items } });
      },
    },
  };
}

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const item of items) found.push(item);
  return found;
}

describe('the tasks of a definition (api/printtaskdefinition-list-tasks.md)', () => {
  const list = (items: unknown[]): Promise<PrintTask[]> =>
    all(listTasks(answering(items).paging, { tenantId: 't', definitionId: 'd' }));

  it('are requested without query options, which that page refuses', async () => {
    const { paging, paths } = answering([]);
    await all(listTasks(paging, { tenantId: 't', definitionId: 'd' }));
    expect(paths).toEqual(['/print/taskDefinitions/d/tasks']);
  });

  it.each([
    ['pending', true, false],
    ['processing', true, false],
    ['completed', false, true],
    ['aborted', false, true],
    ['unknownFutureValue', false, false],
  ])('%s: open %s, ended %s (resources/printtask.md)', async (state, isOpen, hasEnded) => {
    expect(await list([{ id: 'TASK', status: { state }, parentUrl: PARENT }])).toEqual([
      { id: 'task', state, isOpen, hasEnded, place: { printerId: 'aaaa', jobId: '5182' } },
    ]);
  });

  it('are skipped without a usable id, and accepted without a status', async () => {
    const items = [null, 'x', {}, { id: 5 }, { id: 'a/b' }, { id: 't1' }, { id: 't2', status: 'processing' }];
    expect(await list(items)).toEqual([
      { id: 't1', state: 'unknown', isOpen: false, hasEnded: false },
      { id: 't2', state: 'unknown', isOpen: false, hasEnded: false },
    ]);
  });
});

describe('the jobs of a printer (api/printer-list-jobs.md)', () => {
  const list = (items: unknown[]): Promise<ListedJob[]> =>
    all(listJobs(answering(items).paging, { tenantId: 't', printerId: 'p' }));
  const ready = async (fields: object) => (await list([{ id: '1', ...fields }]))[0]?.isReady;

  it.each([
    ['fetchable', { isFetchable: true, status: { state: 'paused' } }, true],
    ['acquired', { isFetchable: false, status: { state: 'processing', isAcquiredByPrinter: true } }, true],
    ['completed', { isFetchable: false, status: { state: 'completed' } }, true],
    ['paused', { isFetchable: false, status: { state: 'paused', isAcquiredByPrinter: false } }, false],
    ['canceled on the printer', { status: { state: 'canceled', isAcquiredByPrinter: true } }, false],
    ['aborted on the printer', { status: { state: 'aborted', isAcquiredByPrinter: true } }, false],
    ['without a status', {}, false],
  ])('%s: ready %s', async (_name, fields, isReady) => {
    expect(await ready(fields)).toBe(isReady);
  });

  it('show when they were created and whether they came from another printer', async () => {
    const jobs = await list([
      { id: '1', createdDateTime: '2026-11-22T00:00:00Z', redirectedFrom: PARENT },
      { id: '2', redirectedFrom: null },
      null,
      { id: 'a b' },
    ]);
    expect(jobs).toEqual([
      { jobId: '1', createdAt: Date.UTC(2026, 10, 22), isReady: false, hasEnded: false, isRedirected: true },
      { jobId: '2', createdAt: NaN, isReady: false, hasEnded: false, isRedirected: false },
    ]);
  });

  // resources/printjobstatus.md. A job that was redirected continues as another one (resources/printjob.md).
  it.each([
    ['completed', {}, true],
    ['canceled', {}, true],
    ['aborted', {}, true],
    ['processing', {}, false],
    ['stopped', {}, false],
    ['unknownFutureValue', {}, false],
    ['canceled', { redirectedTo: 'https://graph.microsoft.com/v1.0/print/printers/p/jobs/2' }, false],
  ])('say of state %s with %j whether the job has ended: %s', async (state, fields, hasEnded) => {
    const [job] = await list([{ id: '1', status: { state, isAcquiredByPrinter: true }, ...fields }]);
    expect(job).toMatchObject({ hasEnded });
  });
});

describe('the pull print printers of a tenant (api/print-list-pullprintprinters)', () => {
  it('are listed with the name and whether every printer is a member, and skipped without a usable id', async () => {
    const all = { id: 'AAAA', displayName: 'Follow me', includeAllPrinters: true };
    const { paging, paths } = answering([all, { id: 'b' }, { displayName: 'x' }, null]);
    expect(await listPullPrintPrinters(paging, 't')).toEqual([
      { ...all, id: 'aaaa' },
      { id: 'b', displayName: 'b', includeAllPrinters: false },
    ]);
    expect(paths).toEqual(['/print/pullPrintPrinters']);
  });
});
