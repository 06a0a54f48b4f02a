import { startHarness, tenantA } from './harness';
import type { Harness } from './harness';

let harness: Harness;
let definition: string;
beforeAll(async () => {
  harness = await startHarness();
});
afterAll(() => harness.simulator.close());
beforeEach(async () => {
  await harness.control.reset();
  definition = (await harness.scene()).definition;
});
const batch = (requests: unknown) => harness.graph('POST', '/$batch', { requests });
const read = (id: string, url = `/print/taskDefinitions/${definition}`) => ({ id, method: 'GET', url });
const parts = (body: Record<string, unknown>) =>
  (body['responses'] as { id: string; status: number; headers: Record<string, string>; body?: unknown }[]).sort(
    (a, b) => a.id.localeCompare(b.id),
  );

describe('$batch (concepts/json-batching.md)', () => {
  it('answers each part on its own and takes effect', async () => {
    const change = {
      id: '2',
      method: 'PATCH',
      url: `/print/taskDefinitions/${definition}`,
      headers: { 'Content-Type': 'application/json' },
      body: { displayName: 'changed' },
    };
    const answer = await batch([read('1', '/subscriptions/none'), change, read('3', '/subscriptions')]);
    expect(answer.status).toBe(200);
    expect(parts(answer.body)).toMatchObject([
      { id: '1', status: 404, body: { error: { code: 'ResourceNotFound' } } },
      { id: '2', status: 200, body: { displayName: 'changed' } },
      { id: '3', status: 200, body: { value: [] } },
    ]);
  });

  it.each([
    ['more than 20 parts', Array.from({ length: 21 }, (_, index) => read(String(index)))],
    ['no part', []],
    ['no list', 'none'],
    ['an id twice', [{ ...read('1') }, { ...read('1') }]],
    ['a part without url', [{ id: '1', method: 'GET' }]],
    ['a batch in a batch', [{ id: '1', method: 'POST', url: '/$batch' }]],
  ])('refuses %s', async (_name, requests) => {
    expect((await batch(requests)).status).toBe(400);
  });

  it('takes 20 parts', async () => {
    const answer = await batch(Array.from({ length: 20 }, (_, index) => read(String(index))));
    expect(parts(answer.body).map(({ status }) => status)).toEqual(Array(20).fill(200));
  });

  it('throttles part by part and says 424 for the whole (concepts/throttling.md), or 200 by variant', async () => {
    const fault = { method: 'GET', action: { type: 'status', status: 429, retryAfterSeconds: 3 } } as const;
    await harness.control.addFault(fault);
    const answer = await batch([read('1'), read('2')]);
    expect(answer.status).toBe(424);
    expect(parts(answer.body).map(({ status }) => status)).toEqual([429, 200]);
    expect(parts(answer.body)[0]?.headers['Retry-After']).toBe('3');
    await harness.control.setVariants({ batch424: false });
    await harness.control.addFault(fault);
    expect((await batch([read('1'), read('2')])).status).toBe(200);
  });

  it('leaves out the answer of a share of the parts, which take effect all the same (silent: variant)', async () => {
    const rename = {
      method: 'PATCH',
      url: `/print/taskDefinitions/${definition}`,
      body: { displayName: 'x' },
    };
    await harness.control.setVariants({ batchPartsMissing: 1 });
    const none = await batch([{ ...rename, id: '1', headers: { 'Content-Type': 'application/json' } }]);
    expect([none.status, none.body]).toMatchObject([200, { responses: [] }]);
    expect((await harness.graph('GET', rename.url)).body['displayName']).toBe('x');
    await harness.control.setVariants({ batchPartsMissing: 0.5 });
    const some = parts((await batch(Array.from({ length: 20 }, (_, index) => read(String(index))))).body);
    expect(some.length).toBeGreaterThan(0);
    expect(some.length).toBeLessThan(20);
  });

  it('is reported as one call with its parts', async () => {
    await batch([read('1'), read('2')]);
    const calls = await harness.control.calls();
    const whole = calls[0]?.n;
    expect(calls.map(({ route, batch: of, tenantId }) => [route, of, tenantId])).toEqual([
      ['/$batch', undefined, tenantA],
      ['/print/taskDefinitions/{definitionId}', whole, tenantA],
      ['/print/taskDefinitions/{definitionId}', whole, tenantA],
    ]);
    expect(calls.every(({ answeredAt }) => answeredAt !== undefined)).toBe(true);
  });

  it('is cut as a whole when a fault cuts a part, and refused without a token', async () => {
    await harness.control.addFault({ method: 'GET', action: { type: 'reset' } });
    await expect(batch([read('1')])).rejects.toThrow();
    const body = { requests: [read('1')] };
    expect((await harness.graph('POST', '/$batch', body, { token: 'none' })).status).toBe(401);
  });
});
