import { createConfirmConsent } from '../../../shared/consent/confirmConsent';
import { ReceiverError } from '../../../shared/errors';
import { createSubscriptionWorld, MINUTE, OTHER_TENANT, TENANT } from '../../support/createSubscriptionWorld';

const CLAIM = { outcome: 'unconfirmed', tenantId: TENANT } as const;

async function setUp(answer: () => Promise<string>) {
  const world = createSubscriptionWorld();
  await world.addTenant();
  const get = jest.fn((_tenantId: string) => answer());
  return { world, get, confirm: createConfirmConsent({ ...world, tokens: { get } }) };
}

it('says that a customer has consented when Entra gives a token', async () => {
  const { confirm } = await setUp(() => Promise.resolve('token'));
  expect(await confirm(CLAIM)).toEqual({ outcome: 'consented', tenantId: TENANT });
});

it.each(['tokenRefused', 'tokenUnavailable'] as const)('does not say so after %s', async (code) => {
  const { confirm } = await setUp(() => Promise.reject(new ReceiverError(code, 'no token')));
  expect(await confirm(CLAIM)).toEqual(CLAIM);
});

it('asks at most once a minute for each customer, however often the page is loaded', async () => {
  const { world, get, confirm } = await setUp(() => Promise.resolve('token'));
  await Promise.all([confirm(CLAIM), confirm(CLAIM), confirm(CLAIM)]);
  world.clock.advance(MINUTE - 1);
  await confirm(CLAIM);
  expect(get).toHaveBeenCalledTimes(1);
  world.clock.advance(1);
  await confirm(CLAIM);
  expect(get).toHaveBeenCalledTimes(2);
});

it('asks nothing for a tenant that no operator has added, and nothing without a claim', async () => {
  const { get, confirm } = await setUp(() => Promise.resolve('token'));
  const unknown = { ...CLAIM, tenantId: OTHER_TENANT };
  expect(await confirm(unknown)).toEqual(unknown);
  expect(await confirm({ outcome: 'unknownLink' })).toEqual({ outcome: 'unknownLink' });
  expect(get).not.toHaveBeenCalled();
});

it('throws a defect', async () => {
  const { confirm } = await setUp(() => Promise.reject(new TypeError('a defect')));
  await expect(confirm(CLAIM)).rejects.toThrow('a defect');
});
