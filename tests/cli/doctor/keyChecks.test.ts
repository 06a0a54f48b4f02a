import { checkSignedWatches } from '../../../cli/doctor/keyChecks';
import { keyCheckOf } from '../../../shared/watches/clientState';
import { createSubscriptionWorld, putServed, START } from '../../support/createSubscriptionWorld';
import { testKey } from '../../support/testKey';

const RING = [{ keyId: 'k1', key: testKey(7) }] as const;

async function check(keyId: string, key: Buffer) {
  const { tenants, watches, ...world } = createSubscriptionWorld();
  await world.addTenant();
  await putServed({ tenants, watches, ...world }, { keyId, keyCheck: keyCheckOf({ keyId, key }) });
  const onUnreadable = (error: Error) => {
    throw error;
  };
  return checkSignedWatches({ ring: RING, tenants, watches, now: Date.parse(START), onUnreadable });
}

describe('the keys of watches', () => {
  it('pass while they are in CLIENT_STATE_KEYS', async () => {
    expect(await check('k1', testKey(7))).toEqual({ check: 'keys of watches', state: 'ok', seen: '1 watch' });
  });

  it.each([
    ['missing', 'k0', testKey(7)],
    ['changed', 'k1', testKey(9)],
  ])('fail when one is %s', async (problem, keyId, key) => {
    expect(await check(keyId, key)).toMatchObject({
      state: 'failed',
      seen: `1 watch is signed with ${keyId} (${problem}). Restore the key, or replace the subscriptions`,
      remedies: expect.arrayContaining([
        expect.stringContaining('--name client-state-keys'),
        'subscriptions reconcile',
      ]) as unknown,
    });
  });
});
