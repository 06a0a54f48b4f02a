import { findTriggers, listTriggers } from '../../../../shared/graph/api/taskTriggers';
import { createFakeGraph } from '../../../support/createFakeGraph';

const TENANT = '11111111-1111-1111-1111-111111111111';
const graphBaseUrl = 'https://graph.microsoft.com/v1.0';

describe('triggers (api/printer-list-tasktriggers.md)', () => {
  it('are listed with their definitions, all pages', async () => {
    const graph = createFakeGraph();
    graph.next('GET', () => ({
      value: [{ id: 't1', event: 'jobStarted', definition: { id: 'D1' } }],
      '@odata.nextLink': `${graphBaseUrl}/print/printers/p1/taskTriggers?$skiptoken=1`,
    }));
    graph.next('GET', () => ({ value: [{ id: 't2', event: 'jobStarted' }] }));
    expect(await listTriggers({ callGraph: graph.callGraph, graphBaseUrl }, TENANT, 'p1')).toEqual([
      { id: 't1', definitionId: 'd1' },
      { id: 't2' },
    ]);
    expect(graph.said()[0]).toBe('GET /print/printers/p1/taskTriggers?$expand=definition');
  });

  it('of another app are not ours, also where Graph lists its definition', async () => {
    const graph = createFakeGraph();
    const value = ['ours', 'theirs'].map((appId) => ({ id: `of-${appId}`, createdBy: { appId } }));
    graph.next('GET', () => ({ value }));
    graph.next('GET', () => ({ value: [{ id: 'p1' }, { id: 'p2' }] }));
    for (const { id } of value) graph.next('GET', () => ({ value: [{ id: `t-${id}`, definition: { id } }] }));
    const paging = { callGraph: graph.callGraph, graphBaseUrl, clientId: 'ours' };
    const found = await findTriggers(paging, paging, TENANT, () => undefined);
    expect(found.map(({ id, ours }) => [id, ours])).toEqual([
      ['t-of-ours', true],
      ['t-of-theirs', false],
    ]);
  });

  it('a printer without an id is no answer', async () => {
    const graph = createFakeGraph();
    graph.next('GET', () => ({ value: [] }));
    graph.next('GET', () => ({ value: ['text'] }));
    const paging = { callGraph: graph.callGraph, graphBaseUrl, clientId: 'ours' };
    await expect(findTriggers(paging, paging, TENANT, () => undefined)).rejects.toMatchObject({
      code: 'graphAnswerUnreadable',
    });
  });
});
