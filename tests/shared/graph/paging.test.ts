import { readAllPages } from '../../../shared/graph/paging';
import { createFakeGraph } from '../../support/createFakeGraph';

const CALL = { tenantId: 't', path: '/subscriptions', permission: 'p' };
const BASE = 'https://graph.microsoft.com/v1.0';

async function read(graph: ReturnType<typeof createFakeGraph>, graphBaseUrl = BASE): Promise<unknown[]> {
  const items: unknown[] = [];
  const paging = { callGraph: graph.callGraph, graphBaseUrl };
  for await (const item of readAllPages(paging, CALL, (value) => value)) items.push(item);
  return items;
}

describe('readAllPages', () => {
  it('follows @odata.nextLink to the end', async () => {
    const graph = createFakeGraph();
    graph.next('GET', () => ({ value: [1, 2], '@odata.nextLink': `${BASE}/subscriptions?$skiptoken=a%20b` }));
    graph.next('GET', () => ({ value: [], '@odata.nextLink': `${BASE}/subscriptions?$skiptoken=c` }));
    graph.next('GET', () => ({ value: [3], '@odata.nextLink': null }));
    expect(await read(graph)).toEqual([1, 2, 3]);
    expect(graph.said()).toEqual([
      'GET /subscriptions',
      'GET /subscriptions?$skiptoken=a%20b',
      'GET /subscriptions?$skiptoken=c',
    ]);
    expect(graph.calls.every(({ permission, tenantId }) => permission === 'p' && tenantId === 't')).toBe(true);
  });

  it('works with a base that has no path', async () => {
    const graph = createFakeGraph();
    graph.next('GET', () => ({ value: [1], '@odata.nextLink': 'http://127.0.0.1:9/subscriptions?page=2' }));
    graph.next('GET', () => ({ value: [2] }));
    expect(await read(graph, 'http://127.0.0.1:9')).toEqual([1, 2]);
    expect(graph.said()[1]).toBe('GET /subscriptions?page=2');
  });

  // nextLink only on the origin of GRAPH_BASE_URL, since the token goes along.
  it.each([
    ['https://evil.example/v1.0/subscriptions'],
    ['http://graph.microsoft.com/v1.0/subscriptions'],
    ['https://graph.microsoft.com:8443/v1.0/subscriptions'],
    ['https://graph.microsoft.com.evil.example/v1.0/subscriptions'],
    ['https://graph.microsoft.com/beta/subscriptions'],
    ['https://graph.microsoft.com/v1.0evil/subscriptions'],
    ['//evil.example/v1.0/subscriptions'],
    ['/beta/subscriptions'],
    [17],
  ])('does not follow %s', async (link) => {
    const graph = createFakeGraph();
    graph.next('GET', () => ({ value: [], '@odata.nextLink': link }));
    await expect(read(graph)).rejects.toMatchObject({ code: 'graphAnswerUnreadable' });
    expect(graph.calls).toHaveLength(1);
  });

  it.each([[undefined], [[]], [{}], [{ value: 'x' }]])('refuses an answer that is no listing: %j', async (body) => {
    const graph = createFakeGraph();
    graph.next('GET', () => body);
    await expect(read(graph)).rejects.toMatchObject({ code: 'graphAnswerUnreadable' });
  });

  it.each([
    ['/v1.0/subscriptions?$skiptoken=2', 'GET /subscriptions?$skiptoken=2'],
    ['subscriptions?$skiptoken=2', 'GET /subscriptions?$skiptoken=2'],
    ['?$skiptoken=2', 'GET /subscriptions?$skiptoken=2'],
    [`${BASE.toUpperCase().replace('V1.0', 'v1.0')}/subscriptions?$skiptoken=2`, 'GET /subscriptions?$skiptoken=2'],
  ])('follows %s, which may be relative to its page (OData JSON format, 4.5.1)', async (link, said) => {
    const graph = createFakeGraph();
    graph.next('GET', () => ({ value: [1], '@odata.nextLink': link }));
    graph.next('GET', () => ({ value: [2] }));
    expect(await read(graph)).toEqual([1, 2]);
    expect(graph.said()[1]).toBe(said);
  });

  describe('a relative link and the context of its answer', () => {
    const call = { ...CALL, path: '/print/printers/p/jobs' };
    const follow = async (page: Record<string, unknown>) => {
      const graph = createFakeGraph();
      graph.next('GET', () => ({ value: [1], ...page }));
      graph.next('GET', () => ({ value: [2] }));
      const paging = { callGraph: graph.callGraph, graphBaseUrl: BASE };
      for await (const _item of readAllPages(paging, call, (value) => value));
      return graph.said()[1];
    };
    const context = `${BASE}/$metadata#print/printers('p')/jobs`;

    // OData JSON Format 4.01, 4.3: relative to the context URL, and to the request URL only where there is none.
    it.each([
      ['print/printers/p/jobs?$skiptoken=2', context],
      ['print/printers/p/jobs?$skiptoken=2', "/v1.0/$metadata#print/printers('p')/jobs"],
      ['/v1.0/print/printers/p/jobs?$skiptoken=2', context],
      ['?$skiptoken=2', context],
      ['jobs?$skiptoken=2', undefined],
      ['jobs?$skiptoken=2', 17],
      ['jobs?$skiptoken=2', 'https://evil.example/v1.0/$metadata#jobs'],
    ])('lead to the next page: %s with %s', async (link, of) => {
      const page = { '@odata.nextLink': link, ...(of === undefined ? {} : { '@odata.context': of }) };
      expect(await follow(page)).toBe('GET /print/printers/p/jobs?$skiptoken=2');
    });

    it('lead nowhere outside GRAPH_BASE_URL', async () => {
      const page = {
        '@odata.nextLink': 'jobs?$skiptoken=2',
        '@odata.context': 'https://graph.microsoft.com/beta/$metadata#x',
      };
      await expect(follow(page)).rejects.toMatchObject({ code: 'graphAnswerUnreadable' });
    });
  });

  it('ends at the first link that was followed already, with each item once', async () => {
    const graph = createFakeGraph();
    // A public bug report: every page is the first one, and its link is always the same.
    const page = () => {
      graph.next('GET', page);
      return { value: [{ id: '5182' }, { id: '5183' }], '@odata.nextLink': `${BASE}/subscriptions?$skiptoken=same` };
    };
    graph.next('GET', page);
    expect(await read(graph)).toEqual([{ id: '5182' }, { id: '5183' }]);
    expect(graph.calls).toHaveLength(2);
  });

  it('ends a listing whose pages never end', async () => {
    const graph = createFakeGraph();
    let page = 0;
    const turn = () => {
      graph.next('GET', turn);
      return { value: [], '@odata.nextLink': `${BASE}/subscriptions?page=${(page += 1)}` };
    };
    graph.next('GET', turn);
    await expect(read(graph)).rejects.toMatchObject({ code: 'graphAnswerUnreadable' });
    expect(graph.calls).toHaveLength(1_000);
  });
});
