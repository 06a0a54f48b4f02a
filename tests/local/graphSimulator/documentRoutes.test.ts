import { tenantA } from './harness';
import { usePrinting } from './usePrinting';

const printing = usePrinting();
const { graph } = printing;

describe('document content (api/printdocument-get-file.md)', () => {
  it('is a 302 to a URL that works without and refuses with Authorization', async () => {
    const [job] = await printing.harness().control.print(tenantA, {
      printerId: printing.scene().plain,
      documents: [{ displayName: 'big', contentType: 'application/oxps', size: 200_000 }],
    });
    const path = `/printers/${printing.scene().plain}/jobs/${job?.jobId ?? ''}`;
    const readDocument = async () => {
      const { documents } = (await graph('GET', `${path}?$expand=documents`)).body;
      return (documents as Record<string, unknown>[])[0];
    };
    const document = await readDocument();
    expect(document).toMatchObject({ displayName: 'big', contentType: 'application/oxps', size: 200_000 });
    const answer = await graph('GET', `${path}/documents/${String(document?.['id'])}/$value`);
    expect(answer.status).toBe(302);
    const location = answer.headers.get('location') ?? '';
    expect((await fetch(location, { headers: { authorization: 'Bearer x' } })).status).toBe(401);
    const content = await fetch(location);
    expect([content.status, content.headers.get('content-type')]).toEqual([200, 'application/oxps']);
    expect((await content.arrayBuffer()).byteLength).toBe(200_000);
    expect((await readDocument())?.['downloadedDateTime']).not.toBeNull();
    expect((await fetch(location.replace('tempauthtoken=', 'tempauthtoken=x'))).status).toBe(404);
    printing.harness().clock.aheadMs = 3_600_001;
    expect((await fetch(location)).status).toBe(404);
  });

  it('is not found for a document that does not exist', async () => {
    await printing.harness().control.print(tenantA, { printerId: printing.scene().plain });
    const path = `/printers/${printing.scene().plain}/jobs/5182/documents/none`;
    expect((await graph('GET', `${path}/$value`)).status).toBe(404);
  });
});
