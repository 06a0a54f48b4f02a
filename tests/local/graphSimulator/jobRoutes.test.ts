import { tenantA } from './harness';
import { usePrinting } from './usePrinting';

const printing = usePrinting();
const { graph, taskPath, printPaused, finish, jobState } = printing;

describe('writing to a job', () => {
  it('needs a task in processing of the calling app (api/printjob-update.md, -redirect, -abort)', async () => {
    const { taskId, path } = await printPaused();
    await finish(taskId);
    expect((await graph('PATCH', path, { configuration: { copies: 2 } })).status).toBe(400);
    expect((await graph('POST', `${path}/abort`, {})).status).toBe(400);
    expect((await graph('POST', `${path}/redirect`, { destinationPrinterId: printing.scene().plain })).status).toBe(
      400,
    );
  });

  it('changes the configuration only (api/printjob-update.md)', async () => {
    const { path } = await printPaused();
    const changed = await graph('PATCH', path, { configuration: { copies: 7 } });
    expect(changed.body).toMatchObject({ configuration: { copies: 7, colorMode: 'color' } });
    expect((await graph('PATCH', path, { isFetchable: true })).status).toBe(400);
  });

  it('aborts with 204 (api/printjob-abort.md)', async () => {
    const { path } = await printPaused();
    expect((await graph('POST', `${path}/abort`, { reason: 'quota' })).status).toBe(204);
    expect(await jobState(path)).toMatchObject({ status: { state: 'aborted' } });
  });

  it('redirects to a new job and completes the task itself (api/printjob-redirect.md)', async () => {
    const { taskId, path } = await printPaused();
    const answer = await graph('POST', `${path}/redirect`, {
      destinationPrinterId: printing.scene().plain,
      configuration: { copies: 3 },
    });
    expect(answer.status).toBe(200);
    expect(answer.body).toMatchObject({
      configuration: { copies: 3 },
      redirectedFrom: `https://graph.microsoft.com/v1.0/print${path}`,
    });
    expect((await graph('GET', taskPath(taskId))).body).toMatchObject({ status: { state: 'completed' } });
    expect((await jobState(path))['redirectedTo']).toBe(
      `https://graph.microsoft.com/v1.0/print/printers/${printing.scene().plain}/jobs/${String(answer.body['id'])}`,
    );
    const missing = await printPaused();
    expect((await graph('POST', `${missing.path}/redirect`, { destinationPrinterId: 'none' })).status).toBe(404);
  });
});

describe('permissions by role (permission tables in api/)', () => {
  const cases: [string, string[], (paths: { job: string; document: string }) => [string, string]][] = [
    ['reading a job', ['PrintJob.ReadBasic.All', 'Printer.Read.All'], ({ job }) => ['GET', job]],
    ['reading content', ['PrintJob.Read.All', 'Printer.Read.All'], ({ document }) => ['GET', `${document}/$value`]],
    ['aborting', ['PrintJob.ReadWriteBasic.All', 'Printer.Read.All'], ({ job }) => ['POST', `${job}/abort`]],
    ['redirecting', ['PrintJob.Manage.All', 'Printer.Read.All'], ({ job }) => ['POST', `${job}/redirect`]],
  ];
  it.each(cases)('%s needs each of its roles and says which is missing', async (_name, roles, call) => {
    const { path } = await printPaused();
    const [document] = (await jobState(`${path}?$expand=documents`))['documents'] as { id: string }[];
    const [method, target] = call({ job: path, document: `${path}/documents/${document?.id ?? ''}` });
    for (const role of roles) {
      await printing.harness().control.changeTenant(tenantA, { roles: roles.filter((other) => other !== role) });
      const refused = await graph(method, target, method === 'POST' ? {} : undefined);
      expect(refused.status).toBe(403);
      expect(JSON.stringify(refused.body)).toContain(role);
    }
    await printing.harness().control.changeTenant(tenantA, { roles: roles });
    const body = method === 'POST' ? { destinationPrinterId: printing.scene().plain } : undefined;
    expect((await graph(method, target, body)).status).toBeLessThan(400);
  });
});
