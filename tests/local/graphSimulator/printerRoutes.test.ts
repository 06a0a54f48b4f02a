import { tenantA } from './harness';
import { usePrinting } from './usePrinting';

const printing = usePrinting();
const { graph, values } = printing;

describe('printers and triggers', () => {
  it('lets an app read one printer but not list them (api/printer-get.md, api/print-list-printers.md)', async () => {
    expect((await graph('GET', `/printers/${printing.scene().triggered}`)).body).toMatchObject({
      displayName: 'With trigger',
    });
    expect((await graph('GET', "/printers('none')")).status).toBe(404);
    expect((await graph('GET', '/printers')).status).toBe(403);
  });

  it.each([
    ['GET', '/printers/p/taskTriggers'],
    ['POST', '/printers/p/taskTriggers'],
    ['DELETE', '/printers/p/taskTriggers/t'],
  ])('refuses %s %s to an app: delegated only (the permission table of its page in api/)', async (method, path) => {
    expect((await graph(method, path)).status).toBe(403);
  });

  it('lets a signed-in user manage the one trigger of a printer (api/printer-post-tasktriggers.md)', async () => {
    const token = await printing.harness().control.mintUserToken({ tenantId: tenantA });
    const triggers = `/printers/${printing.scene().plain}/taskTriggers`;
    const bind = (id: string) => ({
      event: 'jobStarted',
      'definition@odata.bind': `https://graph.microsoft.com/v1.0/print/taskDefinitions/${id}`,
    });
    const other = await printing.harness().control.createDefinition(tenantA, {
      displayName: 'Theirs',
      appId: 'other-app',
    });
    expect((await graph('POST', triggers, bind(other.id), token)).status).toBe(403);
    expect((await graph('POST', triggers, bind('none'), token)).status).toBe(404);
    expect(
      (await graph('POST', triggers, { ...bind(printing.scene().definition), event: 'other' }, token)).status,
    ).toBe(400);
    const made = await graph('POST', triggers, bind(printing.scene().definition), token);
    expect(made.status).toBe(201);
    expect(made.body).toMatchObject({ event: 'jobStarted', definition: { id: printing.scene().definition } });
    expect((await graph('POST', triggers, bind(printing.scene().definition), token)).status).toBe(409);
    expect(values(await graph('GET', triggers, undefined, token))).toHaveLength(1);
    const one = `${triggers}/${String(made.body['id'])}`;
    expect((await graph('DELETE', one, undefined, token)).status).toBe(204);
    expect((await graph('DELETE', one, undefined, token)).status).toBe(404);
    expect(values(await graph('GET', '/printers', undefined, token))).toHaveLength(2);
  });

  it('lists printers with their shares on request, and expands nothing else (api/print-list-printers.md)', async () => {
    const { control } = printing.harness();
    const token = await control.mintUserToken({ tenantId: tenantA });
    const [id = ''] = await control.createFleet(tenantA, { count: 3 });
    const listed = values(await graph('GET', '/printers?$expand=shares', undefined, token));
    expect(listed).toHaveLength(5);
    expect(listed.find((printer) => printer['id'] === id)).toMatchObject({
      displayName: 'Printer 3',
      shares: [{ displayName: expect.stringMatching(/ 3$/) as unknown }],
      location: { building: expect.any(String) as unknown, organization: ['Contoso', expect.any(String)] },
    });
    const [plain] = values(await graph('GET', '/printers', undefined, token));
    expect(plain).not.toHaveProperty('shares');
    for (const refused of ['$expand=jobs', '$count=true', '$search=x'])
      expect((await graph('GET', `/printers?${refused}`, undefined, token)).status).toBe(400);
  });

  it('makes pages as small as $top asks, with a link to the rest (concepts/paging.md)', async () => {
    const token = await printing.harness().control.mintUserToken({ tenantId: tenantA });
    const { body } = await graph('GET', '/printers?$top=1', undefined, token);
    expect(body['value']).toHaveLength(1);
    expect(body['@odata.nextLink']).toContain('skiptoken=');
  });
});
