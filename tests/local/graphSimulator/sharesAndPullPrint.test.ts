import { randomUUID } from 'node:crypto';
import { tenantA } from './harness';
import { usePrinting } from './usePrinting';

const printing = usePrinting();
const { graph, taskPath, values } = printing;
const control = () => printing.harness().control;
const GRAPH = 'https://graph.microsoft.com/v1.0/print';

async function share() {
  const printerId = printing.scene().triggered;
  const { id: shareId } = await control().createShare(tenantA, { printerId, displayName: 'Reception' });
  return { shareId, printerId };
}

async function printTo(order: { printerId: string } | { shareId: string }) {
  const [job] = await control().print(tenantA, order);
  const { taskId = '', jobId = '' } = job ?? {};
  const task = (await graph('GET', taskPath(taskId))).body;
  return { taskId, jobId, parentUrl: task['parentUrl'] };
}

async function pullPrint() {
  const { id } = await control().createPullPrintPrinter(tenantA, { displayName: 'Anywhere' });
  await control().createTrigger(tenantA, { printerId: id, definitionId: printing.scene().definition });
  return id;
}

describe('printer shares', () => {
  it('show an app their printer and its jobs (resources/printershare.md, api/printjob-get.md, api/printershare-list-jobs.md)', async () => {
    const { shareId, printerId } = await share();
    const { jobId, taskId, parentUrl } = await printTo({ shareId });
    expect((await graph('GET', `/shares/${shareId}/printer`)).body).toMatchObject({ id: printerId });
    expect((await graph('GET', `/shares/${shareId}/jobs/${jobId}?$expand=tasks`)).body).toMatchObject({
      id: jobId,
      tasks: [{ id: taskId }],
    });
    expect(values(await graph('GET', `/shares('${shareId}')/jobs`))).toMatchObject([{ id: jobId }]);
    expect((await graph('GET', `/printers/${printerId}/jobs/${jobId}`)).body).toMatchObject({ id: jobId });
    expect(parentUrl).toBe(`${GRAPH}/printers/${printerId}/jobs/${jobId}`);
    expect((await graph('GET', `/shares/${randomUUID()}/printer`)).status).toBe(404);
  });

  it('need Printer.Read.All (permission metadata of Microsoft Graph)', async () => {
    const { shareId } = await share();
    await control().changeTenant(tenantA, { roles: ['PrintJob.ReadBasic.All'] });
    const refused = await graph('GET', `/shares/${shareId}/printer`);
    expect({ status: refused.status, text: refused.text }).toMatchObject({
      status: 403,
      text: expect.stringContaining('Printer.Read.All') as string,
    });
  });

  it('may get another printer (api/printershare-update.md)', async () => {
    const { shareId } = await share();
    await control().createShare(tenantA, { id: shareId, printerId: printing.scene().plain });
    expect((await graph('GET', `/shares/${shareId}/printer`)).body).toMatchObject({ id: printing.scene().plain });
  });

  it('name the job in the other reading of parentUrl (resources/printtask.md shows an example only)', async () => {
    const { shareId } = await share();
    await control().setVariants({ sharedJobNamedBy: 'share' });
    const { jobId, parentUrl } = await printTo({ shareId });
    expect(parentUrl).toBe(`${GRAPH}/shares/${shareId}/jobs/${jobId}`);
    await control().setVariants({ castSegments: true });
    const cast = await printTo({ shareId });
    expect(cast.parentUrl).toBe(`${GRAPH}/shares/${shareId}/microsoft.graph.printerShare/jobs/${cast.jobId}`);
  });
});

describe('pull print printers (resources/pullprintprinter.md)', () => {
  it('are shown and listed with PullPrintPrinter.Read.All (api/pullprintprinter-get, api/print-list-pullprintprinters)', async () => {
    const id = await pullPrint();
    expect((await graph('GET', `/pullPrintPrinters/${id}`)).body).toMatchObject({
      '@odata.type': '#microsoft.graph.pullPrintPrinter',
      id,
      displayName: 'Anywhere',
    });
    expect(values(await graph('GET', '/pullPrintPrinters'))).toMatchObject([{ id }]);
    expect((await graph('GET', `/printers/${id}`)).status).toBe(404);
    await control().changeTenant(tenantA, { roles: ['Printer.Read.All', 'PrintJob.ReadBasic.All'] });
    for (const path of ['', `/${id}`, `/${id}/jobs/1`]) {
      const refused = await graph('GET', `/pullPrintPrinters${path}`);
      expect(refused.status).toBe(403);
      expect(refused.text).toContain('PullPrintPrinter.Read.All');
    }
  });

  it.each([
    ['shown', 200],
    ['forbidden', 403],
    ['notFound', 404],
    ['unknownPath', 400],
  ] as const)('their jobs are %s, of which the documentation is silent', async (pullPrintJobs, status) => {
    const id = await pullPrint();
    const { jobId, parentUrl } = await printTo({ printerId: id });
    expect(parentUrl).toBe(`${GRAPH}/pullPrintPrinters/${id}/jobs/${jobId}`);
    await control().setVariants({ pullPrintJobs });
    expect((await graph('GET', `/pullPrintPrinters/${id}/jobs/${jobId}?$expand=tasks`)).status).toBe(status);
  });

  it('take the writes of a job as printers do (resources/pullprintprinter.md inherits `jobs`)', async () => {
    const id = await pullPrint();
    const { jobId, taskId } = await printTo({ printerId: id });
    const path = `/pullPrintPrinters/${id}/jobs/${jobId}`;
    expect((await graph('PATCH', path, { configuration: { copies: 1 } })).body).toMatchObject({
      configuration: { copies: 1 },
    });
    const [document] = (await graph('GET', `${path}?$expand=documents`)).body['documents'] as { id: string }[];
    expect((await graph('GET', `${path}/documents/${document?.id ?? ''}/$value`)).status).toBe(302);
    expect((await graph('POST', `${path}/abort`, { reason: 'No color' })).status).toBe(204);
    const other = await printTo({ printerId: id });
    const order = { destinationPrinterId: printing.scene().plain };
    const moved = await graph('POST', `/pullPrintPrinters/${id}/jobs/${other.jobId}/redirect`, order);
    expect(moved.body).toMatchObject({ redirectedFrom: other.parentUrl });
    await printing.finish(taskId);
    await control().changeTenant(tenantA, { roles: ['Printer.Read.All', 'PrintJob.ReadWriteBasic.All'] });
    expect((await graph('PATCH', path, { configuration: {} })).text).toContain('PullPrintPrinter.Read.All');
  });

  it('release their job when its task ends', async () => {
    const id = await pullPrint();
    const { jobId, taskId } = await printTo({ printerId: id });
    await printing.finish(taskId);
    expect((await graph('GET', `/pullPrintPrinters/${id}/jobs/${jobId}`)).body).toMatchObject({ isFetchable: true });
  });
});

it.each(['canceled', 'completed', 'aborted'] as const)(
  'a redirected job is %s (api/printjob-redirect.md names no state)',
  async (redirectedJobState) => {
    await control().setVariants({ redirectedJobState });
    const { path } = await printing.printPaused();
    const destinationPrinterId = printing.scene().plain;
    expect((await graph('POST', `${path}/redirect`, { destinationPrinterId })).status).toBe(200);
    expect(await printing.jobState(path)).toMatchObject({
      status: { state: redirectedJobState },
      redirectedTo: expect.stringContaining(destinationPrinterId) as string,
    });
  },
);
