import type { z } from 'zod';
import { faultRule } from '../../../local/graphSimulator/control/controlTypes';
import { createFaultRules } from '../../../local/graphSimulator/faults/faultRules';
import { createSeededRandom } from '../../../local/graphSimulator/seededRandom';
import { startHarness, tenantA } from './harness';
import type { Harness } from './harness';

const rule = (given: z.input<typeof faultRule>) => faultRule.parse(given);
const create = createFaultRules;
const call = { target: 'graph' as const, method: 'GET', path: '/v1.0/subscriptions', tenantId: tenantA };

describe('rules of faults', () => {
  it('act once by default, later with after, more often with count, and always with -1', () => {
    const faults = create(createSeededRandom(1));
    const acts = (count: number) => Array.from({ length: count }, () => faults.take(call) !== undefined);
    faults.add(rule({ action: { type: 'reset' } }));
    expect(acts(2)).toEqual([true, false]);
    faults.add(rule({ after: 1, count: 2, action: { type: 'reset' } }));
    expect(acts(4)).toEqual([false, true, true, false]);
    faults.add(rule({ id: 'mine', count: -1, action: { type: 'reset' } }));
    expect(acts(3)).toEqual([true, true, true]);
    expect(faults.list().find(({ id }) => id === 'mine')).toMatchObject({ matched: 3, acted: 3 });
    faults.clear();
    expect(acts(1)).toEqual([false]);
  });

  it('match method, path, tenant and target', () => {
    const faults = create(createSeededRandom(1));
    faults.add(
      rule({
        method: 'patch',
        pathPattern: '/tasks/',
        tenantId: tenantA.toUpperCase(),
        action: { type: 'reset' },
      }),
    );
    expect(faults.take(call)).toBeUndefined();
    const patch = { ...call, method: 'PATCH', path: '/v1.0/print/taskDefinitions/d/tasks/t' };
    expect(faults.take({ ...patch, tenantId: 'other' })).toBeUndefined();
    expect(faults.take({ ...patch, target: 'token' })).toBeUndefined();
    expect(faults.take(patch)).toBeDefined();
  });

  it('act on a share of calls, the same ones for the same seed', () => {
    const acted = (seed: number) => {
      const faults = create(createSeededRandom(seed));
      faults.add(rule({ count: -1, rate: 0.2, action: { type: 'reset' } }));
      return Array.from({ length: 200 }, () => faults.take(call) !== undefined);
    };
    const share = acted(3).filter(Boolean).length / 200;
    expect([share > 0.1, share < 0.3]).toEqual([true, true]);
    expect(acted(3)).toEqual(acted(3));
    expect(acted(3)).not.toEqual(acted(4));
  });

  it.each([
    [{}],
    [{ action: { type: 'other' } }],
    [{ action: { type: 'status' } }],
    [{ action: { type: 'status', status: 99 } }],
    [{ action: { type: 'hang' } }],
    [{ target: 'other', action: { type: 'reset' } }],
    [{ count: -2, action: { type: 'reset' } }],
  ])('are refused when wrong: %j', (given) => {
    expect(faultRule.safeParse(given).success).toBe(false);
  });
});

describe('faults of Graph calls', () => {
  let harness: Harness;
  let path: string;
  beforeAll(async () => {
    harness = await startHarness();
  });
  afterAll(() => harness.simulator.close());
  beforeEach(async () => {
    await harness.control.reset();
    const { definition } = await harness.scene();
    path = `/print/taskDefinitions/${definition}`;
  });
  const patch = () => harness.graph('PATCH', path, { displayName: 'changed' });
  const name = async () => (await harness.graph('GET', path)).body['displayName'];

  it('answer a status with Retry-After, fractions included, and no effect (concepts/throttling.md)', async () => {
    await harness.control.addFault({
      method: 'PATCH',
      action: { type: 'status', status: 429, retryAfterSeconds: 2.128 },
    });
    const answer = await patch();
    expect([answer.status, answer.headers.get('retry-after')]).toEqual([429, '2.128']);
    expect(answer.body).toMatchObject({ error: { code: 'TooManyRequests' } });
    expect(await name()).toBe('Release by badge');
    expect((await patch()).status).toBe(200);
  });

  it('spread Retry-After between two figures by the seed (fractions occur: 2.128)', async () => {
    await harness.control.addFault({
      count: 20,
      action: { type: 'status', status: 429, retryAfterSeconds: 0.5, retryAfterMaxSeconds: 3 },
    });
    const waits: number[] = [];
    for (let n = 0; n < 20; n += 1)
      waits.push(Number((await harness.graph('GET', `/subscriptions?n=${String(n)}`)).headers.get('retry-after')));
    expect(new Set(waits).size).toBeGreaterThan(10);
    expect([Math.min(...waits) >= 0.5, Math.max(...waits) <= 3]).toEqual([true, true]);
  });

  it('cut the connection without an answer', async () => {
    await harness.control.addFault({ id: 'cut', method: 'PATCH', action: { type: 'reset' } });
    await expect(patch()).rejects.toThrow();
    await harness.control.addFault({ id: 'hang', method: 'PATCH', action: { type: 'hang', ms: 10 } });
    await expect(patch()).rejects.toThrow();
    expect(await name()).toBe('Release by badge');
    const patches = (await harness.control.calls()).filter(({ method }) => method === 'PATCH');
    expect(patches.map(({ status, fault }) => [status, fault])).toEqual([
      [0, 'cut'],
      [0, 'hang'],
    ]);
  });

  it('delay and then answer as usual', async () => {
    await harness.control.addFault({ id: 'slow', action: { type: 'delay', ms: 10 } });
    expect((await patch()).status).toBe(200);
    expect(await harness.control.faults()).toMatchObject([{ id: 'slow', acted: 1 }]);
    await harness.control.addFault({ action: { type: 'reset' } });
    await harness.control.clearFaults();
    expect(await harness.control.faults()).toEqual([]);
    await expect(harness.control.addFault(JSON.parse('{}') as never)).rejects.toThrow('400');
  });

  it('end with the simulator, also in the middle of a hang', async () => {
    const own = await startHarness();
    await own.control.createTenant({ tenantId: tenantA });
    await own.control.addFault({ action: { type: 'hang', ms: 600_000 } });
    const hanging = own.graph('GET', '/subscriptions');
    const refused = expect(hanging).rejects.toThrow();
    while ((await own.control.faults())[0]?.acted !== 1) await new Promise((resolve) => setTimeout(resolve, 5));
    await own.simulator.close();
    await refused;
  });
});
