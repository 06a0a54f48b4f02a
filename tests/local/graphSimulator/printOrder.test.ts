import { tenantA } from './harness';
import { usePrinting } from './usePrinting';

const printing = usePrinting();
const { graph, jobState, values } = printing;
const control = () => printing.harness().control;
// The example of api/printer-list-jobs.md.
const john = {
  id: '87d349ed-44d7-43e1-9a83-5f2406dee5bd',
  displayName: 'John Smith',
  userPrincipalName: 'john.smith@contoso.com',
};

async function print(order: Parameters<ReturnType<typeof control>['print']>[1]) {
  const printerId = printing.scene().triggered;
  const [job] = await control().print(tenantA, { printerId, ...order });
  return `/printers/${printerId}/jobs/${job?.jobId ?? ''}`;
}

describe('what a user prints', () => {
  it('names the user (api/printer-list-jobs.md, resources/useridentity.md)', async () => {
    const path = await print({ user: john });
    expect(await jobState(path)).toMatchObject({ createdBy: john });
    const { body } = await graph('POST', `${path}/redirect`, { destinationPrinterId: printing.scene().plain });
    expect(body).toMatchObject({ createdBy: john });
    expect(values(await graph('GET', `/printers/${printing.scene().triggered}/jobs`))).toMatchObject([
      { createdBy: john },
    ]);
  });

  it('has one user of the tenant by default, and null for what is not known of another', async () => {
    expect(await jobState(await print({}))).toMatchObject({
      createdBy: {
        id: tenantA,
        displayName: 'User of the tenant',
        userPrincipalName: `user@${tenantA}.example`,
      },
    });
    expect(await jobState(await print({ user: { userPrincipalName: 'Ada@contoso.com' } }))).toMatchObject({
      createdBy: { id: null, displayName: null, userPrincipalName: 'Ada@contoso.com' },
    });
  });

  it('has the settings of the user beside the default ones (resources/printjobconfiguration.md)', async () => {
    const configuration = { colorMode: 'grayscale', copies: 501, mediaSize: 'A4', quality: 'later' };
    expect(await jobState(await print({ configuration }))).toMatchObject({
      configuration: { ...configuration, duplexMode: 'oneSided' },
    });
  });

  it('has a document of a type and size (resources/printdocument.md)', async () => {
    const document = { displayName: 'plan', contentType: 'application/oxps', size: 276_604 };
    const path = await print({ documents: [document] });
    expect((await jobState(`${path}?$expand=documents`))['documents']).toMatchObject([document]);
  });
});

describe('a printer (api/printer-get.md, resources/printerlocation.md)', () => {
  it('shows an app its name and its location, with Printer.Read.All alone', async () => {
    const location = { building: 'Studio E', floor: '1', subUnit: ['Main Plaza', 'Unit 400'] };
    const { id } = await control().createPrinter(tenantA, { displayName: 'Colour room', location });
    await control().changeTenant(tenantA, { roles: ['Printer.Read.All'] });
    expect((await graph('GET', `/printers/${id}`)).body).toMatchObject({ id, displayName: 'Colour room', location });
    expect((await graph('GET', `/printers/${printing.scene().plain}`)).body).toMatchObject({
      location: { latitude: null, longitude: null },
    });
    await control().changeTenant(tenantA, { roles: ['PrintJob.ReadBasic.All'] });
    expect((await graph('GET', `/printers/${id}`)).status).toBe(403);
  });

  it('keeps its name and location when the other one changes', async () => {
    const { id } = await control().createPrinter(tenantA, { displayName: 'Colour room' });
    await control().createPrinter(tenantA, { id, location: { floor: '2' } });
    expect((await graph('GET', `/printers/${id}`)).body).toMatchObject({
      displayName: 'Colour room',
      location: { floor: '2' },
    });
  });
});
