import { createCliWorld } from '../support/createCliWorld';
import { graphError } from '../support/createFakeGraph';
import { MINUTE, PRINTER, putServed, TENANT } from '../support/createSubscriptionWorld';
import { HOLD_MS } from '../../shared/watches/hold';

const mockSweep = jest.fn().mockResolvedValue({ enqueued: 2, failed: 0 });
jest.mock('../../shared/sweep/sweepWatches', () => ({
  sweepWatches: (_deps: unknown, keys: unknown) => mockSweep(keys) as unknown,
}));

const key = { tenantId: TENANT, kind: 'jobFetchable', id: PRINTER };
const verb = (name: string, ...more: string[]) => [
  'subscriptions',
  name,
  '--tenant',
  TENANT,
  '--printer',
  PRINTER,
  ...more,
];

async function createWorld(confirm: boolean | undefined = undefined) {
  const world = createCliWorld({ confirm: () => Promise.resolve(confirm) });
  await world.addTenant();
  await putServed(world);
  return world;
}

beforeEach(() => mockSweep.mockClear());

describe('subscriptions show', () => {
  it('shows the whole row of one watch, and its tag', async () => {
    const world = await createWorld();
    expect(await world.runJson(...verb('show'))).toMatchObject({
      code: 0,
      json: { ...key, state: 'live', keyId: 'k1', tag: expect.stringMatching(/^.{22}$/) as string },
    });
    const { stdout } = await world.run(...verb('show'));
    expect(stdout).toMatch(/^subscriptionId +subscription-0$/m);
  });
});

describe('subscriptions renew', () => {
  it('renews a subscription that is not due, without confirmation', async () => {
    const world = await createWorld();
    const { code, stdout } = await world.run(...verb('renew'));
    expect(code).toBe(0);
    expect(stdout).toContain('is renewed: subscription subscription-0, expires ');
    expect(world.graph.said()).toEqual(['PATCH /subscriptions/subscription-0']);
  });

  it('fails with the reason when Graph refuses', async () => {
    const world = await createWorld();
    world.graph.nextError('PATCH', graphError('forbidden'));
    const { code, stdout, stderr } = await world.run(...verb('renew'));
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toContain('Graph said forbidden');
    expect(stderr).toContain('2026-11-22T00:00:45.000Z');
  });

  it('prints the Retry-After of Graph, as reconcile --retry-now does', async () => {
    const world = await createWorld();
    world.graph.nextError('PATCH', graphError('throttled', 300_000));
    await world.run(...verb('renew'));
    const wait = 'Graph asked the app to wait until 2026-11-22T00:05:00.000Z';
    const again = await world.run(...verb('renew'));
    expect(again).toMatchObject({ code: 1, stdout: '' });
    expect(again.stderr).toContain(wait);
    const revoked = await world.run(...verb('revoke', '--yes'));
    expect(revoked).toMatchObject({ code: 1, stdout: '' });
    expect(revoked.stderr).toContain('The app retries at 2026-11-22T00:05:00.000Z');
    const all = await world.run('subscriptions', 'reconcile', '--retry-now');
    expect(all.code).toBe(1);
    expect(all.stderr).toContain(`jobFetchable_${PRINTER}: postponed, ${wait}`);
    expect(world.graph.calls).toHaveLength(1);
  });

  it('recreates a lost subscription and sweeps its watch', async () => {
    const world = await createWorld();
    world.graph.subscriptions.clear();
    world.clock.advance(60 * MINUTE);
    const { stdout } = await world.run(...verb('renew'));
    expect(stdout).toContain('is created: subscription subscription-1');
    expect(stdout).toContain('Swept: 2 missed job events queued.');
    expect(mockSweep.mock.calls).toEqual([[[key]]]);
  });
});

describe('subscriptions remove', () => {
  it('asks for confirmation, then deletes subscription and watch', async () => {
    const world = await createWorld(true);
    const { code, stdout } = await world.run(...verb('remove'));
    expect({ code, stdout }).toEqual({
      code: 0,
      stdout: `jobFetchable of ${PRINTER} is no longer watched.\n`,
    });
    expect(world.graph.subscriptions.size).toBe(0);
    expect(await world.countWatches()).toBe(0);
  });

  it('does nothing after a no, and is wrong usage without a terminal', async () => {
    const no = await createWorld(false);
    expect(await no.run(...verb('remove'))).toMatchObject({ code: 0, stderr: 'Nothing was changed.\n' });
    const nobody = await createWorld();
    expect(await nobody.run(...verb('remove'))).toMatchObject({ code: 2 });
    expect(nobody.graph.calls).toHaveLength(0);
    expect((await nobody.run(...verb('remove', '--yes'))).code).toBe(0);
  });
});

describe('subscriptions revoke', () => {
  it('replaces the subscription under the next generation and sweeps', async () => {
    const world = await createWorld();
    expect(await world.runJson(...verb('revoke', '--yes'))).toMatchObject({
      code: 0,
      json: { outcome: 'replaced', generation: 1, subscriptionId: 'subscription-1', queued: 2 },
    });
    expect(mockSweep.mock.calls).toEqual([[[key]]]);
  });

  it('is stored at once while another run works on the watch', async () => {
    const world = await createWorld();
    const { watch, etag } = await world.read();
    await world.watches.save({ ...watch, heldMs: HOLD_MS }, etag);
    const { code, stdout } = await world.run(...verb('revoke', '--yes'));
    expect(code).toBe(0);
    expect(stdout).toContain('its clientState is revoked');
    expect((await world.read()).watch.generation).toBe(1);
  });
});

describe.each(['renew'])('subscriptions %s of a tenant that is not active', (name) => {
  it.each([
    ['paused', `tenants resume ${TENANT}`],
    ['removed', `tenants add ${TENANT}`],
  ] as const)('is refused while it is %s, and creates nothing', async (status, remedy) => {
    const world = createCliWorld();
    await world.addTenant(TENANT, status);
    await world.put();
    const { code, stdout, stderr } = await world.run(...verb(name, ...(name === 'renew' ? [] : ['--yes'])));
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toContain(remedy);
    expect(world.graph.calls).toHaveLength(0);
    expect((await world.read()).watch.generation).toBe(0);
  });

  it('is refused when it is not listed', async () => {
    const world = createCliWorld();
    await world.put();
    const { code, stderr } = await world.run(...verb(name, ...(name === 'renew' ? [] : ['--yes'])));
    expect(code).toBe(1);
    expect(stderr).toContain('is not on the allow-list');
    expect(world.graph.calls).toHaveLength(0);
  });
});

it.each(['paused', 'removed'] as const)(
  'subscriptions revoke works for a tenant that is %s, without a call',
  async (status) => {
    const world = createCliWorld();
    await world.addTenant(TENANT, status);
    await putServed(world);
    const { code, stdout } = await world.run(...verb('revoke', '--yes'));
    expect({ code, stdout }).toMatchObject({ code: 0, stdout: expect.stringContaining('is revoked') as string });
    // A leaked clientState is refused from now on, whenever the customer is active again.
    expect((await world.read()).watch).toMatchObject({ generation: 1, revokedAt: expect.any(String) as string });
    expect(world.graph.calls).toHaveLength(0);
  },
);

it('subscriptions remove works for a paused tenant too', async () => {
  const world = createCliWorld();
  await world.addTenant(TENANT, 'paused');
  await putServed(world);
  expect((await world.run(...verb('remove', '--yes'))).code).toBe(0);
  expect(world.graph.said()).toEqual(['DELETE /subscriptions/subscription-0']);
});

describe.each(['show', 'renew', 'remove', 'revoke'])('subscriptions %s', (name) => {
  it('fails for a missing watch, and for missing options', async () => {
    const world = createCliWorld();
    const { code, stderr } = await world.run(...verb(name));
    expect(code).toBe(1);
    expect(stderr).toContain('subscriptions list');
    const neither = await world.run('subscriptions', name, '--tenant', TENANT);
    expect(neither.code).toBe(2);
    expect(neither.stderr).toContain(`subscriptions ${name} needs either --printer <id> or --definition <id>`);
  });
});

describe('subscriptions reconcile', () => {
  it('sweeps the watches that it replaced', async () => {
    const world = await createWorld();
    const { watch, etag } = await world.read();
    await world.watches.save({ ...watch, keyId: 'retired' }, etag);
    const { code, stderr } = await world.run('subscriptions', 'reconcile');
    expect(code).toBe(0);
    expect(stderr).toContain(`jobFetchable_${PRINTER}: replaced`);
    expect(stderr).toContain('Swept 1 watch: 2 missed job events queued');
  });
});
