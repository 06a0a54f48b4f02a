import { tenantA } from './harness';
import { usePrinting } from './usePrinting';

const printing = usePrinting();
const { graph, values } = printing;

describe('task definitions', () => {
  it('can be made, read, renamed and deleted (api/print-post-taskdefinitions.md, -update-, -delete-)', async () => {
    const made = await graph('POST', '/taskDefinitions', {
      displayName: 'New',
      createdBy: { displayName: 'Us' },
    });
    expect(made.status).toBe(201);
    expect(made.body).toMatchObject({
      displayName: 'New',
      createdBy: { appId: printing.harness().simulator.appId, displayName: 'Us' },
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
    const other = await printing.harness().control.createDefinition(tenantA, {
      displayName: 'Theirs',
      appId: 'other-app',
    });
    expect(values(await graph('GET', '/taskDefinitions')).map(({ id }) => id)).toEqual([printing.scene().definition]);
    expect((await graph('GET', `/taskDefinitions/${other.id}`)).status).toBe(404);
  });

  it('and tasks take no query options (api/print-list-taskdefinitions.md)', async () => {
    for (const option of ['$top=1', '$select=id', '$skip=1', '$count=true', '$search=a', '$format=json']) {
      expect((await graph('GET', `/taskDefinitions?${option}`)).status).toBe(400);
      expect((await graph('GET', `/taskDefinitions/${printing.scene().definition}/tasks?${option}`)).status).toBe(400);
    }
  });
});
