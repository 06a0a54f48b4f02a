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

  it('a printer without an id is no answer', async () => {
    const graph = createFakeGraph();
    graph.next('GET', () => ({ value: [] }));
    graph.next('GET', () => ({ value: ['text'] }));
    const paging = { callGraph: graph.callGraph, graphBaseUrl };
    await expect(findTriggers(paging, paging, TENANT, () => undefined)).rejects.toMatchObject({
      code: 'graphAnswerUnreadable',
    });
  });
});
