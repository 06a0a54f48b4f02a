import { tenantA } from './harness';
import { usePrinting } from './usePrinting';

const printing = usePrinting();
const { graph, taskPath, printPaused, jobState } = printing;

describe('writing to a job', () => {
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
  });
});

describe('permissions by role (permission tables in api/)', () => {
  const cases: [string, string[], (paths: { job: string; document: string }) => [string, string]][] = [
    ['reading a job', ['PrintJob.ReadBasic.All', 'Printer.Read.All'], ({ job }) => ['GET', job]],
    ['reading content', ['PrintJob.Read.All', 'Printer.Read.All'], ({ document }) => ['GET', `${document}/$value`]],
    ['aborting', ['PrintJob.ReadWriteBasic.All', 'Printer.Read.All'], ({ job }) => ['POST', `${job}/abort`]],
    ['changing', ['PrintJob.ReadWriteBasic.All', 'Printer.Read.All'], ({ job }) => ['PATCH', job]],
    ['redirecting', ['PrintJob.Manage.All', 'Printer.Read.All'], ({ job }) => ['POST', `${job}/redirect`]],
  ];
  const bodies = new Map<string, object>([
    ['aborting', {}],
    ['changing', { configuration: {} }],
  ]);
  it.each(cases)('%s needs each of its roles and says which is missing', async (name, roles, call) => {
    const { path } = await printPaused();
    const [document] = (await jobState(`${path}?$expand=documents`))['documents'] as { id: string }[];
    const [method, target] = call({ job: path, document: `${path}/documents/${document?.id ?? ''}` });
    for (const role of roles) {
      await printing.harness().control.changeTenant(tenantA, { roles: roles.filter((other) => other !== role) });
      const refused = await graph(method, target, bodies.get(name));
      expect(refused.status).toBe(403);
      expect(JSON.stringify(refused.body)).toContain(role);
    }
    await printing.harness().control.changeTenant(tenantA, { roles: roles });
    expect(
      (
        await graph(
          method,
          target,
          name === 'redirecting' ? { destinationPrinterId: printing.scene().plain } : bodies.get(name),
        )
      ).status,
    ).toBeLessThan(400);
  });
});
