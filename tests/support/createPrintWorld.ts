import type { CallGraph, GraphCall } from '../../shared/graph/client';
import { GraphError } from '../../shared/graph/errors';
import { graphError } from './createFakeGraph';

interface WorldTask {
  state: string;
  description: string;
  parentUrl?: string;
}

const PENDING: WorldTask = { state: 'pending', description: '' };

type Scripted = { method: GraphCall['method']; path: RegExp; answer: () => unknown; once: boolean };

/** The tasks and jobs of one tenant as Graph shows them, with the state rules of resources/printtask.md. */
export function createPrintWorld() {
  const tasks = new Map<string, WorldTask>();
  const jobs = new Map<string, () => Record<string, unknown>>();
  /** Where jobs can be redirected to. */
  const printers = new Set<string>();
  /** The printer of each share. */
  const shares = new Map<string, string>();
  const calls: GraphCall[] = [];
  const scripted: Scripted[] = [];

  const callGraph: CallGraph = async (call) => {
    await Promise.resolve();
    calls.push(call);
    const index = scripted.findIndex(({ method, path }) => method === call.method && path.test(call.path));
    const found = scripted[index];
    if (found?.once) scripted.splice(index, 1);
    if (found) return { status: 200, body: found.answer() };
    const body = answerAsGraph(call);
    const { path } = call;
    if (!path.endsWith('/$value')) return { status: 200, body };
    // api/printdocument-get-file.md
    const location = `https://print.print.microsoft.com/downloads/${path.split('/').at(-2) ?? ''}?tempauthtoken=secret`;
    return { status: 302, body: undefined, location };
  };

  function answerAsGraph({ method, path, body }: GraphCall): unknown {
    const [, , kind, parentId = '', , id = ''] = (path.split('?')[0] ?? '').split('/');
    if (kind === 'shares') {
      const printerId = shares.get(parentId);
      if (printerId === undefined) throw graphError('notFound');
      return { id: printerId };
    }
    if (kind === 'printers' || kind === 'pullPrintPrinters') {
      if (id === '') {
        const ofPrinter = [...jobs].filter(([name]) => name.startsWith(`${parentId}/`));
        return { value: ofPrinter.map(([, show]) => show()) };
      }
      // `pullprint.` is ours: to Graph it is no printer.
      if (parentId.startsWith('pullprint.')) throw graphError('notFound');
      const key = `${kind === 'printers' ? '' : 'pullprint.'}${parentId}/${id}`;
      const job = jobs.get(key);
      if (!job) throw graphError('notFound');
      if (method === 'GET') {
        // Graph shows documents only when the call expands them (api/printjob-get.md).
        const { documents, ...shown } = job();
        return documents !== undefined && path.includes('$expand=documents') ? { ...shown, documents } : shown;
      }
      return changeJob(key, job(), path.split('/')[6] ?? '', body);
    }
    if (id === '') return { value: [...tasks].map(([taskId, task]) => showTask(taskId, task)) };
    const task = tasks.get(id);
    if (!task) throw graphError('notFound');
    if (method === 'PATCH') {
      if (task.state !== 'processing') throw new GraphError('graphRejected', 'Graph rejected it', { status: 400 });
      Object.assign(task, (body as { status: object }).status);
    }
    return showTask(id, task);
  }

  /** PATCH, abort and redirect of a job, which need a task in processing (api/printjob-update.md, -abort, -redirect). */
  function changeJob(key: string, job: Record<string, unknown>, action: string, body: unknown): unknown {
    const ofJob = (job['tasks'] as { id: string }[] | undefined) ?? [];
    const task = ofJob.map(({ id }) => tasks.get(id)).find((one) => one?.state === 'processing');
    if (!task) throw graphError('rejected');
    const show = jobs.get(key) ?? (() => job);
    const change = (fields: Record<string, unknown>) => jobs.set(key, () => ({ ...show(), ...fields }));
    const { configuration, destinationPrinterId } = body as {
      configuration?: Record<string, unknown>;
      destinationPrinterId?: string;
    };
    if (action === 'abort') return void change({ status: { state: 'aborted', isAcquiredByPrinter: false } });
    if (action === 'redirect') {
      if (!printers.has(destinationPrinterId ?? '')) throw graphError('notFound');
      task.state = 'completed';
      change({
        redirectedTo: `https://graph.microsoft.com/v1.0/print/printers/${destinationPrinterId ?? ''}/jobs/9001`,
      });
      return { id: '9001', configuration };
    }
    change({ configuration: { ...(job['configuration'] as object | undefined), ...configuration } });
    return jobs.get(key)?.();
  }

  function showTask(id: string, { state, description, parentUrl }: WorldTask) {
    return { id, status: { state, description }, ...(parentUrl === undefined ? {} : { parentUrl }) };
  }

  return {
    callGraph,
    calls,
    tasks,
    jobs,
    printers,
    shares,
    /** Method and path of each call, in order. */
    said: () => calls.map(({ method, path }) => `${method} ${path}`),
    /** How often tasks were written. */
    patches: () => calls.filter(({ method }) => method === 'PATCH').length,
    putTask: (id: string, task: Partial<WorldTask> = {}) =>
      tasks.set(id, { state: 'processing', description: '', ...task }),
    /** A job that shows the tasks named, as they are when it is read; none: the answer has no `tasks`. */
    putJob(printerId: string, jobId: string, fields: Record<string, unknown> = {}, taskIds?: string[]) {
      jobs.set(`${printerId}/${jobId}`, () => ({
        id: jobId,
        status: { state: 'paused', isAcquiredByPrinter: false },
        isFetchable: false,
        ...fields,
        ...(taskIds && { tasks: taskIds.map((id) => showTask(id, tasks.get(id) ?? PENDING)) }),
      }));
    },
    /** Answers the next call of this kind in place of the world; a thrown error is what the Graph client throws. */
    next: (method: GraphCall['method'], path: RegExp, answer: () => unknown) =>
      scripted.push({ method, path, answer, once: true }),
    always: (method: GraphCall['method'], path: RegExp, answer: () => unknown) =>
      scripted.push({ method, path, answer, once: false }),
    clearScript: () => scripted.splice(0),
  };
}

export function thrower(error: Error): () => never {
  return () => {
    throw error;
  };
}
