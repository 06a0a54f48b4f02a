import { createDefinition, deleteDefinition, listDefinitions } from '../../../../shared/graph/api/taskDefinitions';
import { createFakeGraph, graphError } from '../../../support/createFakeGraph';

/** api/print-post-taskdefinitions.md: application permission only. */
const permission = 'PrintTaskDefinition.ReadWrite.All';
const OURS = '815f204f-c791-4ee6-9098-614ecdb003f6';
const paging = { graphBaseUrl: 'https://graph.microsoft.com/v1.0', clientId: OURS };

describe('print task definitions', () => {
  it('creates one with the names that administrators see (api/print-post-taskdefinitions.md)', async () => {
    const graph = createFakeGraph();
    graph.next('POST', () => ({
      id: 'd1',
      displayName: 'Accounting',
      createdBy: { appId: 'a', displayName: 'Our app' },
    }));
    const names = { displayName: 'Accounting', appName: 'Our app' };
    expect(await createDefinition(graph.callGraph, 't', names)).toEqual({
      id: 'd1',
      displayName: 'Accounting',
      appName: 'Our app',
    });
    expect(graph.calls).toEqual([
      {
        tenantId: 't',
        method: 'POST',
        path: '/print/taskDefinitions',
        body: { displayName: 'Accounting', createdBy: { displayName: 'Our app' } },
        permission,
      },
    ]);
  });

  it.each([[undefined], [{}], [{ id: '' }], [{ id: 4 }]])('refuses an answer without an id: %j', async (body) => {
    const graph = createFakeGraph();
    graph.next('POST', () => body);
    const creating = createDefinition(graph.callGraph, 't', { displayName: 'n', appName: 'a' });
    await expect(creating).rejects.toMatchObject({ code: 'graphAnswerUnreadable' });
  });

  it('lists all pages and accepts missing names (api/print-list-taskdefinitions.md)', async () => {
    const graph = createFakeGraph();
    graph.next('GET', () => ({
      value: [{ id: 'd1', createdBy: null }],
      '@odata.nextLink': 'https://graph.microsoft.com/v1.0/print/taskDefinitions?$skiptoken=x',
    }));
    graph.next('GET', () => ({
      value: [{ id: 'd2', displayName: 'Two', createdBy: { displayName: 'App' } }],
    }));
    expect(await listDefinitions({ ...paging, callGraph: graph.callGraph }, 't')).toEqual([
      { id: 'd1', displayName: '' },
      { id: 'd2', displayName: 'Two', appName: 'App' },
    ]);
    expect(graph.calls.map((call) => call.permission)).toEqual([permission, permission]);
  });

  it('leaves out those of another app: resources/printtaskdefinition.md speaks of a complete list', async () => {
    const graph = createFakeGraph();
    const theirs = { appId: '0b1c2d3e-0000-4000-8000-000000000001', displayName: 'Their app' };
    graph.next('GET', () => ({
      value: [
        { id: 'ours', createdBy: { appId: OURS.toUpperCase(), displayName: 'Our app' } },
        { id: 'theirs', createdBy: theirs },
        { id: 'unnamed', createdBy: { appId: null } },
      ],
    }));
    const listed = await listDefinitions({ ...paging, callGraph: graph.callGraph }, 't');
    expect(listed.map(({ id }) => id)).toEqual(['ours', 'unnamed']);
  });

  it('deletes one and says when there was none (api/print-delete-taskdefinition.md)', async () => {
    const graph = createFakeGraph();
    graph.next('DELETE', () => undefined);
    expect(await deleteDefinition(graph.callGraph, 't', 'd 1')).toBe(true);
    expect(graph.calls[0]).toMatchObject({ path: '/print/taskDefinitions/d%201', permission });
    graph.nextError('DELETE', graphError('notFound'));
    expect(await deleteDefinition(graph.callGraph, 't', 'd')).toBe(false);
    graph.nextError('DELETE', graphError('forbidden'));
    await expect(deleteDefinition(graph.callGraph, 't', 'd')).rejects.toMatchObject({
      code: 'graphForbidden',
    });
  });
});
