import { startHarness, tenantA } from './harness';
import type { Answer, Harness } from './harness';

let harness: Harness;
let scene: Awaited<ReturnType<Harness['scene']>>;
beforeAll(async () => {
  harness = await startHarness();
});
afterAll(() => harness.simulator.close());
beforeEach(async () => {
  harness.clock.aheadMs = 0;
  await harness.control.reset();
  scene = await harness.scene();
});

const graph = (method: string, path: string, body?: unknown, token?: string) =>
  harness.graph(method, `/print${path}`, body, token === undefined ? {} : { token });
const printHeld = async () => {
  const [job] = await harness.control.print(tenantA, { printerId: scene.held });
  if (!job?.taskId) throw new Error('no task');
  return { jobId: job.jobId, taskId: job.taskId, path: `/printers/${scene.held}/jobs/${job.jobId}` };
};
const taskPath = (taskId: string) => `/taskDefinitions/${scene.definition}/tasks/${taskId}`;
const finish = (taskId: string, state = 'completed') =>
  graph('PATCH', taskPath(taskId), { status: { state, description: 'done' } });
const jobState = async (path: string) => (await graph('GET', path)).body;
const values = (answer: Answer) => answer.body['value'] as Record<string, unknown>[];

describe('task definitions', () => {
  it('can be made, read, renamed and deleted (api/print-post-taskdefinitions.md, -update-, -delete-)', async () => {
    const made = await graph('POST', '/taskDefinitions', {
      displayName: 'New',
      createdBy: { displayName: 'Us' },
    });
    expect(made.status).toBe(201);
    expect(made.body).toMatchObject({
      displayName: 'New',
      createdBy: { appId: harness.simulator.appId, displayName: 'Us' },
    });
    const path = `/taskDefinitions/${String(made.body['id'])}`;
    const renamed = await graph('PATCH', path, { displayName: 'Other', createdBy: { displayName: 'We' } });
    expect(renamed.body).toMatchObject({ displayName: 'Other', createdBy: { displayName: 'We' } });
    expect((await graph('GET', path)).status).toBe(200);
    expect((await graph('DELETE', path)).status).toBe(204);
    expect((await graph('GET', path)).status).toBe(404);
    expect((await graph('POST', '/taskDefinitions', {})).status).toBe(400);
  });

  it("are an app's own only (api/print-list-taskdefinitions.md)", async () => {
    const other = await harness.control.createDefinition(tenantA, {
      displayName: 'Theirs',
      appId: 'other-app',
    });
    expect(values(await graph('GET', '/taskDefinitions')).map(({ id }) => id)).toEqual([scene.definition]);
    expect((await graph('GET', `/taskDefinitions/${other.id}`)).status).toBe(404);
  });

  it('and tasks take no query options (api/print-list-taskdefinitions.md)', async () => {
    for (const option of ['$top=1', '$select=id', '$skip=1', '$count=true', '$search=a', '$format=json']) {
      expect((await graph('GET', `/taskDefinitions?${option}`)).status).toBe(400);
      expect((await graph('GET', `/taskDefinitions/${scene.definition}/tasks?${option}`)).status).toBe(400);
    }
  });
});

describe('printers and triggers', () => {
  it('lets an app read one printer but not list them (api/printer-get.md, api/print-list-printers.md)', async () => {
    expect((await graph('GET', `/printers/${scene.held}`)).body).toMatchObject({
      displayName: 'With trigger',
    });
    expect((await graph('GET', "/printers('none')")).status).toBe(404);
    expect((await graph('GET', '/printers')).status).toBe(403);
  });

  it.each([
    ['GET', '/shares'],
    ['GET', '/printers/p/taskTriggers'],
    ['POST', '/printers/p/taskTriggers'],
    ['GET', '/printers/p/taskTriggers/t'],
    ['DELETE', '/printers/p/taskTriggers/t'],
    ['POST', '/printers/p/jobs'],
    ['POST', '/shares/s/jobs'],
    ['POST', '/printers/p/jobs/1/cancel'],
    ['POST', '/printers/p/jobs/1/start'],
  ])(
    'refuses %s %s to an app: delegated only (the permission table of its page in api/)',
    async (method, path) => {
      expect((await graph(method, path)).status).toBe(403);
    },
  );

  it('lets a signed-in user manage the one trigger of a printer (api/printer-post-tasktriggers.md)', async () => {
    const token = await harness.control.mintUserToken({ tenantId: tenantA });
    const triggers = `/printers/${scene.plain}/taskTriggers`;
    const bind = (id: string) => ({
      event: 'jobStarted',
      'definition@odata.bind': `https://graph.microsoft.com/v1.0/print/taskDefinitions/${id}`,
    });
    const other = await harness.control.createDefinition(tenantA, {
      displayName: 'Theirs',
      appId: 'other-app',
    });
    expect((await graph('POST', triggers, bind(other.id), token)).status).toBe(403);
    expect((await graph('POST', triggers, bind('none'), token)).status).toBe(404);
    expect((await graph('POST', triggers, { ...bind(scene.definition), event: 'other' }, token)).status).toBe(
      400,
    );
    const made = await graph('POST', triggers, bind(scene.definition), token);
    expect(made.status).toBe(201);
    expect(made.body).toMatchObject({ event: 'jobStarted', definition: { id: scene.definition } });
    expect((await graph('POST', triggers, bind(scene.definition), token)).status).toBe(409);
    expect(values(await graph('GET', triggers, undefined, token))).toHaveLength(1);
    const one = `${triggers}/${String(made.body['id'])}`;
    expect((await graph('GET', one, undefined, token)).status).toBe(200);
    expect((await graph('DELETE', one, undefined, token)).status).toBe(204);
    expect((await graph('DELETE', one, undefined, token)).status).toBe(404);
    expect((await graph('GET', one, undefined, token)).status).toBe(404);
    expect(values(await graph('GET', '/printers', undefined, token))).toHaveLength(2);
  });
});

describe('a job on a printer with a trigger', () => {
  it('is paused with one task in processing (concepts/universal-print-concept-overview.md)', async () => {
    const { jobId, taskId, path } = await printHeld();
    expect(await jobState(`${path}?$expand=tasks`)).toMatchObject({
      id: jobId,
      isFetchable: false,
      status: { state: 'paused', isAcquiredByPrinter: false },
      tasks: [
        {
          id: taskId,
          status: { state: 'processing' },
          parentUrl: `https://graph.microsoft.com/v1.0/print/printers/${scene.held}/jobs/${jobId}`,
        },
      ],
    });
    expect((await graph('GET', taskPath(taskId))).body).toMatchObject({ status: { state: 'processing' } });
  });

  it('shows tasks and documents only when expanded (api/printjob-get.md)', async () => {
    const { path } = await printHeld();
    const plain = await jobState(path);
    expect([plain['tasks'], plain['documents']]).toEqual([undefined, undefined]);
    expect((await jobState(`${path}?$expand=documents`))['documents']).toHaveLength(1);
  });

  it('goes on when its task is completed (resources/printtask.md)', async () => {
    const { taskId, path } = await printHeld();
    expect((await finish(taskId, 'pending')).body).toMatchObject({ status: { state: 'pending' } });
    expect((await jobState(path))['isFetchable']).toBe(false);
    expect((await finish(taskId)).body).toMatchObject({
      status: { state: 'completed', description: 'done' },
    });
    expect((await jobState(path))['isFetchable']).toBe(true);
  });

  it('prints on or is killed when its task is aborted (silent: variant)', async () => {
    const one = await printHeld();
    await finish(one.taskId, 'aborted');
    expect((await jobState(one.path))['isFetchable']).toBe(true);
    await harness.control.setVariants({ abortedTask: 'kills' });
    const two = await printHeld();
    await finish(two.taskId, 'aborted');
    expect(await jobState(two.path)).toMatchObject({ isFetchable: false, status: { state: 'aborted' } });
  });

  it.each([
    ['reject400', 400],
    ['reject409', 409],
    ['accept', 200],
  ] as const)(
    'answers a change of an ended task as the variant %s says (silent)',
    async (patchEndedTask, status) => {
      await harness.control.setVariants({ patchEndedTask });
      const { taskId } = await printHeld();
      await finish(taskId);
      expect((await finish(taskId, 'aborted')).status).toBe(status);
      expect((await graph('GET', taskPath(taskId))).body).toMatchObject({ status: { state: 'completed' } });
    },
  );

  it('refuses a state that does not exist, and a task that does not (api/printtaskdefinition-update-task.md)', async () => {
    const { taskId } = await printHeld();
    expect((await finish(taskId, 'finished')).status).toBe(400);
    expect((await graph('PATCH', taskPath(taskId), {})).status).toBe(400);
    expect((await finish('none')).status).toBe(404);
  });

  it('is listed under its definition while open and a while after (api/printtaskdefinition-list-tasks.md)', async () => {
    const { taskId } = await printHeld();
    const list = async () => values(await graph('GET', `/taskDefinitions/${scene.definition}/tasks`));
    expect(await list()).toHaveLength(1);
    await finish(taskId);
    expect(await list()).toMatchObject([{ id: taskId, status: { state: 'completed' } }]);
    harness.clock.aheadMs = 1441 * 60_000;
    expect(await list()).toEqual([]);
  });

  it('stays blocked while the task is open, and is deleted in the end when the variant gives a time', async () => {
    const { path } = await printHeld();
    harness.clock.aheadMs = 5 * 24 * 3_600_000;
    expect((await graph('GET', path)).status).toBe(200);
    await harness.control.setVariants({ blockedJobMinutes: 60 });
    expect((await graph('GET', path)).status).toBe(404);
  });
});

describe('a job on a printer without a trigger', () => {
  const print = async (order: Parameters<Harness['control']['print']>[1]) => {
    const [job] = await harness.control.print(tenantA, order);
    return `/printers/${order.printerId}/jobs/${job?.jobId ?? ''}`;
  };

  it('has a short number that is unique within its printer only (resources/printjob.md)', async () => {
    const order = { printerId: scene.plain, count: 2 };
    expect((await harness.control.print(tenantA, order)).map(({ jobId }) => jobId)).toEqual(['5182', '5183']);
    expect((await printHeld()).jobId).toBe('5182');
  });

  it('is not found before reads show it', async () => {
    const path = await print({ printerId: scene.plain, visibleAfterMs: 60_000 });
    expect((await graph('GET', path)).status).toBe(404);
    expect(values(await graph('GET', `/printers/${scene.plain}/jobs`))).toEqual([]);
    harness.clock.aheadMs = 60_000;
    expect((await graph('GET', path)).status).toBe(200);
    expect(values(await graph('GET', `/printers/${scene.plain}/jobs`))).toHaveLength(1);
  });

  it('is transformed first and then fetchable, by Date', async () => {
    const path = await print({ printerId: scene.plain, transformMs: 60_000 });
    expect(await jobState(path)).toMatchObject({ isFetchable: false, status: { details: ['transforming'] } });
    harness.clock.aheadMs = 60_000;
    expect((await jobState(path))['isFetchable']).toBe(true);
  });

  it('may be shown as not fetchable for a while after its notification', async () => {
    const path = await print({ printerId: scene.plain, fetchableAfterMs: 60_000 });
    expect(await jobState(path)).toMatchObject({ isFetchable: false, status: { details: ['transforming'] } });
    harness.clock.aheadMs = 60_001;
    expect((await jobState(path))['isFetchable']).toBe(true);
  });

  it('waits for a release when it is held', async () => {
    const path = await print({ printerId: scene.plain, hold: true });
    expect(await jobState(path)).toMatchObject({ status: { state: 'paused' } });
    await harness.control.releaseJob({ tenantId: tenantA, printerId: scene.plain, jobId: '5182' });
    expect((await jobState(path))['isFetchable']).toBe(true);
  });

  it('is acquired and completed by a printer (resources/printjobstatus.md)', async () => {
    const path = await print({ printerId: scene.plain });
    const job = { tenantId: tenantA, printerId: scene.plain, jobId: '5182' };
    await harness.control.acquireJob(job);
    expect(await jobState(path)).toMatchObject({
      isFetchable: false,
      status: { state: 'processing', isAcquiredByPrinter: true },
    });
    await harness.control.completeJob(job);
    expect(await jobState(path)).toMatchObject({
      status: { state: 'completed', details: ['completedSuccessfully'] },
    });
    await expect(harness.control.cancelJob(job)).rejects.toThrow('409');
  });

  it('can be canceled or aborted before it is fetched', async () => {
    for (const [action, state] of [
      ['cancelJob', 'canceled'],
      ['abortJob', 'aborted'],
    ] as const) {
      const [job] = await harness.control.print(tenantA, { printerId: scene.held });
      const path = `/printers/${scene.held}/jobs/${job?.jobId ?? ''}`;
      await harness.control[action]({ tenantId: tenantA, printerId: scene.held, jobId: job?.jobId ?? '' });
      expect(await jobState(`${path}?$expand=tasks`)).toMatchObject({
        status: { state },
        tasks: [{ status: { state: 'aborted' } }],
      });
    }
  });

  it('is listed with the other jobs; the list takes no $count and no $search (api/printer-list-jobs.md)', async () => {
    await print({ printerId: scene.plain, count: 3 });
    await harness.control.setVariants({ pageSize: 2 });
    const jobs = `/printers/${scene.plain}/jobs`;
    const first = await graph('GET', `${jobs}?$expand=documents`);
    expect(values(first)).toHaveLength(2);
    expect(String(first.body['@odata.nextLink'])).toContain('expand=documents');
    expect((await graph('GET', `${jobs}?$count=true`)).status).toBe(400);
    expect((await graph('GET', `${jobs}?$search=a`)).status).toBe(400);
  });
});

describe('writing to a job', () => {
  it('needs a task in processing of the calling app (api/printjob-update.md, -redirect, -abort); the status is a variant', async () => {
    const { taskId, path } = await printHeld();
    await finish(taskId);
    for (const status of [400, 403, 409] as const) {
      await harness.control.setVariants({ writeWithoutTask: status });
      expect((await graph('PATCH', path, { configuration: { copies: 2 } })).status).toBe(status);
      expect((await graph('POST', `${path}/abort`, {})).status).toBe(status);
      expect((await graph('POST', `${path}/redirect`, { destinationPrinterId: scene.plain })).status).toBe(
        status,
      );
    }
  });

  it('changes the configuration only (api/printjob-update.md)', async () => {
    const { path } = await printHeld();
    const changed = await graph('PATCH', path, { configuration: { copies: 7 } });
    expect(changed.body).toMatchObject({ configuration: { copies: 7, colorMode: 'color' } });
    expect((await graph('PATCH', path, { isFetchable: true })).status).toBe(400);
  });

  it('aborts with 204 (api/printjob-abort.md)', async () => {
    const { path } = await printHeld();
    expect((await graph('POST', `${path}/abort`, { reason: 'quota' })).status).toBe(204);
    expect(await jobState(path)).toMatchObject({ status: { state: 'aborted' } });
  });

  it('redirects to a new job and completes the task itself (api/printjob-redirect.md)', async () => {
    const { taskId, path } = await printHeld();
    const answer = await graph('POST', `${path}/redirect`, {
      destinationPrinterId: scene.plain,
      configuration: { copies: 3 },
    });
    expect(answer.status).toBe(200);
    expect(answer.body).toMatchObject({
      configuration: { copies: 3 },
      redirectedFrom: `https://graph.microsoft.com/v1.0/print${path}`,
    });
    expect((await graph('GET', taskPath(taskId))).body).toMatchObject({ status: { state: 'completed' } });
    expect((await jobState(path))['redirectedTo']).toBe(
      `https://graph.microsoft.com/v1.0/print/printers/${scene.plain}/jobs/${String(answer.body['id'])}`,
    );
    const missing = await printHeld();
    expect((await graph('POST', `${missing.path}/redirect`, { destinationPrinterId: 'none' })).status).toBe(
      404,
    );
  });
});

describe('permissions by role (permission tables in api/)', () => {
  const cases: [string, string[], (paths: { job: string; document: string }) => [string, string]][] = [
    ['reading a job', ['PrintJob.ReadBasic.All', 'Printer.Read.All'], ({ job }) => ['GET', job]],
    [
      'reading content',
      ['PrintJob.Read.All', 'Printer.Read.All'],
      ({ document }) => ['GET', `${document}/$value`],
    ],
    ['aborting', ['PrintJob.ReadWriteBasic.All', 'Printer.Read.All'], ({ job }) => ['POST', `${job}/abort`]],
    ['redirecting', ['PrintJob.Manage.All', 'Printer.Read.All'], ({ job }) => ['POST', `${job}/redirect`]],
  ];
  it.each(cases)('%s needs each of its roles and says which is missing', async (_name, roles, call) => {
    const { path } = await printHeld();
    const [document] = (await jobState(`${path}?$expand=documents`))['documents'] as { id: string }[];
    const [method, target] = call({ job: path, document: `${path}/documents/${document?.id ?? ''}` });
    for (const role of roles) {
      await harness.control.setRoles(
        tenantA,
        roles.filter((other) => other !== role),
      );
      const refused = await graph(method, target, method === 'POST' ? {} : undefined);
      expect(refused.status).toBe(403);
      expect(JSON.stringify(refused.body)).toContain(role);
    }
    await harness.control.setRoles(tenantA, roles);
    const body = method === 'POST' ? { destinationPrinterId: scene.plain } : undefined;
    expect((await graph(method, target, body)).status).toBeLessThan(400);
  });
});

describe('document content (api/printdocument-get-file.md)', () => {
  it('is a 302 to a URL that works without and refuses with Authorization', async () => {
    const [job] = await harness.control.print(tenantA, {
      printerId: scene.plain,
      documents: [{ displayName: 'big', contentType: 'application/oxps', size: 200_000 }],
    });
    const path = `/printers/${scene.plain}/jobs/${job?.jobId ?? ''}/documents`;
    const [document] = values(await graph('GET', path));
    expect(document).toMatchObject({ displayName: 'big', contentType: 'application/oxps', size: 200_000 });
    const one = `${path}/${String(document?.['id'])}`;
    const answer = await graph('GET', `${one}/$value`);
    expect(answer.status).toBe(302);
    const location = answer.headers.get('location') ?? '';
    expect((await fetch(location, { headers: { authorization: 'Bearer x' } })).status).toBe(401);
    const content = await fetch(location);
    expect([content.status, content.headers.get('content-type')]).toEqual([200, 'application/oxps']);
    expect((await content.arrayBuffer()).byteLength).toBe(200_000);
    expect((await graph('GET', one)).body['downloadedDateTime']).not.toBeNull();
    expect((await fetch(location.replace('tempauthtoken=', 'tempauthtoken=x'))).status).toBe(404);
    harness.clock.aheadMs = 3_600_001;
    expect((await fetch(location)).status).toBe(404);
  });

  it('is not found for a document that does not exist', async () => {
    await harness.control.print(tenantA, { printerId: scene.plain });
    const path = `/printers/${scene.plain}/jobs/5182/documents/none`;
    expect((await graph('GET', path)).status).toBe(404);
    expect((await graph('GET', `${path}/$value`)).status).toBe(404);
  });
});
