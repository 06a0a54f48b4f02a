import fc from 'fast-check';
import type { KeyRing } from '../../../shared/config';
import { createReadAccess } from '../../../shared/jobs/access';
import { removeTenant } from '../../../shared/operations/removeTenant';
import { addWatch, removeWatch, resumeTenant, revokeWatch } from '../../../shared/subscriptions/manage';
import { reconcileAll } from '../../../shared/subscriptions/reconcileAll';
import { signClientState, verifyClientState, watchTag } from '../../../shared/watches/clientState';
import { CLIENT_ID, createSubscriptionWorld, started, TENANT } from '../../support/createSubscriptionWorld';
import { testKey } from '../../support/testKey';

const KEY = started();
const SCOPE = { tenantId: TENANT, clientId: CLIENT_ID };
const OPERATIONS = [
  'add',
  'revoke',
  'remove',
  'pause',
  'resume',
  'removeTenant',
  'addTenant',
  'newKey',
  'dropOldKeys',
  'oldKeysReturn',
  'timer',
  'minute',
] as const;
type Operation = (typeof OPERATIONS)[number];

/** A deployment with one watch, and every clientState that was ever issued for it. */
function createDeployment() {
  const world = createSubscriptionWorld();
  let ring: KeyRing = [{ keyId: 'k0', key: testKey(0) }];
  let keysMade = 1;
  const deps = { ...world.deps, config: { ...world.deps.config, clientStateKeys: ring } };
  /** Two instances that never restart, each with its own memory. */
  const instances = [createReadAccess(world), createReadAccess(world)];
  const issued: { clientState: string; revoked: boolean }[] = [];

  const setRing = (next: KeyRing) => {
    ring = next;
    deps.config = { ...deps.config, clientStateKeys: next };
  };
  const operations: Record<Operation, () => unknown> = {
    add: () => addWatch(deps, KEY),
    revoke: async () => {
      if (await revokeWatch(deps, KEY)) for (const state of issued) state.revoked = true;
    },
    remove: () => removeWatch(deps, KEY),
    pause: () => world.tenants.update(TENANT, (row) => ({ ...row, status: 'paused' })),
    resume: () => resumeTenant(deps, TENANT, world.clock.now()),
    removeTenant: () => removeTenant(deps, TENANT),
    addTenant: async () => {
      if (!(await world.addTenant())) await world.tenants.update(TENANT, (row) => ({ ...row, status: 'active' }));
    },
    newKey: () => setRing([{ keyId: `k${keysMade}`, key: testKey(keysMade++) }, ...ring]),
    dropOldKeys: () => setRing([ring[0]]),
    oldKeysReturn: () => {
      const all = Array.from({ length: keysMade }, (_, n) => ({ keyId: `k${n}`, key: testKey(n) }));
      setRing([ring[0], ...all.filter(({ keyId }) => keyId !== ring[0].keyId)]);
    },
    timer: () => reconcileAll(deps),
    minute: () => world.clock.advance(60_000),
  };

  /** What the app would do about a notification with this clientState. */
  const judge = async (clientState: string) => {
    const check = verifyClientState(ring, SCOPE, clientState);
    if (check.outcome !== 'valid') return [check.outcome];
    const { generation } = check.state;
    return Promise.all(instances.map((readAccess) => readAccess(KEY, generation)));
  };
  return {
    issued,
    judge,
    recordStatus: async () => (await world.watches.getRecord(KEY))?.status,
    async run(operation: Operation) {
      await operations[operation]();
      // The clientState that a subscription of this moment has.
      const stored = await world.watches.get(KEY);
      if (!stored) return;
      const { generation } = stored.watch;
      const clientState = signClientState(ring, SCOPE, { tag: watchTag(KEY), generation });
      if (!issued.some((known) => known.clientState === clientState)) issued.push({ clientState, revoked: false });
    },
  };
}

/** The judgements after which nothing is written at Graph, see processNotification. */
const REFUSED = ['unknownKey', 'staleGeneration', 'unknownWatch', 'unknownTenant'];

it('no clientState that was issued before a revocation is accepted again, whatever happens to watch, tenant and keys', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.constantFrom(...OPERATIONS), { maxLength: 25 }), async (operations) => {
      const deployment = createDeployment();
      for (const operation of ['addTenant', 'add', ...operations] as const) {
        await deployment.run(operation);
        for (const { clientState, revoked } of deployment.issued) {
          const judged = await deployment.judge(clientState);
          if (!revoked) continue;
          for (const access of judged) {
            const reason = typeof access === 'string' ? access : access.active ? 'active' : access.reason;
            expect(REFUSED).toContain(reason);
          }
        }
      }
    }),
    { numRuns: 300 },
  );
}, 60_000);

it.each([
  ['removed and added again', ['revoke', 'remove', 'add']],
  ['removed', ['revoke', 'remove']],
  ['removed by the removal of its customer', ['revoke', 'removeTenant']],
  ['of a paused customer', ['revoke', 'pause']],
  ['of a removed customer that was added again', ['revoke', 'removeTenant', 'addTenant', 'add']],
] as const)('a revoked clientState of a watch that was %s is stale', async (_name, operations) => {
  const deployment = createDeployment();
  for (const operation of ['addTenant', 'add'] as const) await deployment.run(operation);
  const leaked = deployment.issued[0]?.clientState ?? '';
  // Both instances know the watch.
  expect(await deployment.judge(leaked)).toMatchObject([{ active: true }, { active: true }]);
  for (const operation of operations) await deployment.run(operation);
  expect(await deployment.judge(leaked)).toMatchObject([{ reason: 'staleGeneration' }, { reason: 'staleGeneration' }]);
});

const FORGOTTEN = ['revoke', 'newKey', 'dropOldKeys', 'remove', 'newKey', 'dropOldKeys'] as const;

it.each([
  ['removed and forgotten', [], 'unknownWatch'],
  ['forgotten, of a paused customer', ['pause'], 'unknownWatch'],
  ['forgotten, of a removed customer', ['removeTenant'], 'unknownWatch'],
  ['forgotten and added again', ['add'], 'staleGeneration'],
] as const)(
  'a revoked clientState of a watch that was %s is refused when its key returns',
  async (_name, last, reason) => {
    const deployment = createDeployment();
    for (const operation of ['addTenant', 'add'] as const) await deployment.run(operation);
    const leaked = deployment.issued[0]?.clientState ?? '';
    for (const operation of FORGOTTEN) await deployment.run(operation);
    // What stays of the watch outlives the clocks of other machines.
    for (let minute = 0; minute < 16; minute += 1) await deployment.run('minute');
    await deployment.run('timer');
    expect(await deployment.recordStatus()).toBeUndefined();
    for (const operation of [...last, 'oldKeysReturn'] as const) await deployment.run(operation);
    expect(await deployment.judge(leaked)).toMatchObject([{ reason }, { reason }]);
  },
);

it('a watch that is added at once after its keys have left the ring continues with a higher generation', async () => {
  const deployment = createDeployment();
  for (const operation of ['addTenant', 'add', 'revoke', 'remove', 'newKey', 'dropOldKeys', 'timer'] as const) {
    await deployment.run(operation);
  }
  const leaked = deployment.issued[0]?.clientState ?? '';
  for (const operation of ['add', 'oldKeysReturn'] as const) await deployment.run(operation);
  expect(await deployment.judge(leaked)).toMatchObject([{ reason: 'staleGeneration' }, { reason: 'staleGeneration' }]);
});

it('forgets a removed watch once no key is left that may have signed for it, and not before', async () => {
  const world = createSubscriptionWorld();
  await world.addTenant();
  await addWatch(world.deps, KEY);
  await removeWatch(world.deps, KEY);
  // The clocks of the machines that add watches differ by up to 15 minutes.
  world.clock.advance(16 * 60_000);
  const reconcileWith = async (...keyIds: string[]) => {
    const [first = '', ...others] = keyIds;
    const keyOf = (keyId: string) => ({ keyId, key: testKey(Number(keyId.slice(1))) });
    const clientStateKeys: KeyRing = [keyOf(first), ...others.map(keyOf)];
    await reconcileAll({ ...world.deps, config: { ...world.deps.config, clientStateKeys } });
    return (await world.watches.getRecord(KEY))?.status;
  };
  expect(await reconcileWith('k1')).toBe('removed');
  expect(await reconcileWith('k2', 'k1')).toBe('removed');
  expect(await reconcileWith('k2')).toBeUndefined();
});
