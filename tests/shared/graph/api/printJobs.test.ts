import type { GraphCall } from '../../../../shared/graph/client';
import { endTask, readTask } from '../../../../shared/graph/api/printTasks';
import { readJob } from '../../../../shared/graph/api/printJobs';
import { graphError } from '../../../support/createFakeGraph';

const JOB = { tenantId: 't1', printerId: 'p 1', jobId: '5182' };
const PARENT_URL = 'https://graph.microsoft.com/v1.0/print/printers/p/jobs/5182';
const TASK = { tenantId: 't1', definitionId: 'd/1', taskId: 'task' };

function createAnswering(answer: unknown) {
  const calls: GraphCall[] = [];
  return {
    calls,
    callGraph: (call: GraphCall) => {
      calls.push(call);
      return answer instanceof Error ? Promise.reject(answer) : Promise.resolve({ status: 200, body: answer });
    },
  };
}

test('a job is read with what is to be expanded, its ids encoded (api/printjob-get.md)', async () => {
  const { callGraph, calls } = createAnswering({ id: '5182' });
  await readJob(callGraph, JOB, 'documents');
  expect(calls).toEqual([
    {
      tenantId: 't1',
      method: 'GET',
      path: '/print/printers/p%201/jobs/5182?$expand=documents',
      permission: 'PrintJob.ReadBasic.All (with Printer.Read.All)',
    },
  ]);
});

test('the documented fields are kept and nothing else (resources/printjob.md)', async () => {
  const { callGraph } = createAnswering({
    '@odata.context': 'x',
    id: '5182',
    createdDateTime: '2026-11-22T00:00:00Z',
    createdBy: { userPrincipalName: 'u' },
    status: { state: 'paused', isAcquiredByPrinter: false, details: ['uploadPending'] },
    configuration: { copies: 2 },
    isFetchable: true,
    errorCode: 0,
    secretOfTomorrow: 1,
    documents: [{ id: 'doc' }],
    tasks: [{ id: 'TASK', status: { state: 'processing', description: 'words' }, parentUrl: PARENT_URL }],
  });
  await expect(readJob(callGraph, JOB, 'tasks')).resolves.toEqual({
    id: '5182',
    state: 'paused',
    isAcquiredByPrinter: false,
    isFetchable: true,
    isRedirectedAway: false,
    fields: {
      id: '5182',
      createdDateTime: '2026-11-22T00:00:00Z',
      createdBy: { userPrincipalName: 'u' },
      status: { state: 'paused', isAcquiredByPrinter: false, details: ['uploadPending'] },
      configuration: { copies: 2 },
      isFetchable: true,
      errorCode: 0,
    },
    documents: [{ id: 'doc' }],
    tasks: [
      {
        id: 'task',
        state: 'processing',
        isOpen: true,
        hasEnded: false,
        place: { printerId: 'p', jobId: '5182' },
      },
    ],
  });
});

test('a job or task without a status is in state unknown and not fetchable', async () => {
  await expect(readJob(createAnswering({ id: '5182' }).callGraph, JOB, 'tasks')).resolves.toEqual({
    id: '5182',
    state: 'unknown',
    isAcquiredByPrinter: false,
    isFetchable: false,
    isRedirectedAway: false,
    fields: { id: '5182' },
  });
  await expect(readTask(createAnswering({ id: 'task', status: {} }).callGraph, TASK)).resolves.toEqual({
    id: 'task',
    state: 'unknown',
    isOpen: false,
    hasEnded: false,
  });
  const odd = { id: 'task', status: 'completed', parentUrl: 5 };
  await expect(readTask(createAnswering(odd).callGraph, TASK)).resolves.toEqual({
    id: 'task',
    state: 'unknown',
    isOpen: false,
    hasEnded: false,
  });
});

test('404 is no job and no task; any other error is handed on', async () => {
  const missing = createAnswering(graphError('notFound')).callGraph;
  await expect(readJob(missing, JOB, 'tasks')).resolves.toBe('notFound');
  await expect(readTask(missing, TASK)).resolves.toBe('notFound');
  const forbidden = createAnswering(graphError('forbidden')).callGraph;
  await expect(readJob(forbidden, JOB, 'tasks')).rejects.toMatchObject({ code: 'graphForbidden' });
  await expect(readTask(forbidden, TASK)).rejects.toMatchObject({ code: 'graphForbidden' });
});

test.each([[undefined], ['text'], [{ id: 5 }], [[]]])('an answer %p is none', async (body) => {
  const { callGraph } = createAnswering(body);
  const expected = { code: 'graphAnswerUnreadable', retryable: true };
  await expect(readJob(callGraph, JOB, 'tasks')).rejects.toMatchObject(expected);
  await expect(readTask(callGraph, TASK)).rejects.toMatchObject(expected);
});

test('a task is ended by PATCH of its status (api/printtaskdefinition-update-task.md)', async () => {
  const { callGraph, calls } = createAnswering({});
  await endTask(callGraph, TASK, { state: 'completed', description: 'Released' });
  expect(calls).toEqual([
    {
      tenantId: 't1',
      method: 'PATCH',
      path: '/print/taskDefinitions/d%2F1/tasks/task',
      body: { status: { state: 'completed', description: 'Released' } },
      permission: 'PrintTaskDefinition.ReadWrite.All',
    },
  ]);
});

test.each([
  ['5182', 'AbC', 'abc', true],
  ['of another job', '5182', '5183', false],
])('an answer is compared with what was asked, without case: %s', async (_name, jobId, answered, isIt) => {
  const job = await readJob(createAnswering({ id: answered }).callGraph, { ...JOB, jobId }, 'tasks');
  expect(typeof job === 'string' ? job : job.id).toBe(isIt ? answered : 'otherId');
  const task = await readTask(createAnswering({ id: answered }).callGraph, { ...TASK, taskId: jobId });
  expect(typeof task === 'string' ? task : task.id).toBe(isIt ? answered : 'otherId');
});

test('the jobs of a pull print printer are read below its own path, with its own permission (resources/pullprintprinter.md)', async () => {
  const { callGraph, calls } = createAnswering({ id: '5182' });
  await readJob(callGraph, { ...JOB, printerId: 'pullprint.x' }, 'tasks');
  expect(calls).toMatchObject([
    {
      path: '/print/pullPrintPrinters/x/jobs/5182?$expand=tasks',
      permission: 'PrintJob.ReadBasic.All (with PullPrintPrinter.Read.All)',
    },
  ]);
});
