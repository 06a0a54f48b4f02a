import { createConfirmConsent } from '../../../shared/consent/confirmConsent';
import { ReceiverError } from '../../../shared/errors';
import type { GraphCall } from '../../../shared/graph/client';
import { createTokens } from '../../../shared/graph/tokens';
import { graphError } from '../../support/createFakeGraph';
import { createSubscriptionWorld, MINUTE, OTHER_TENANT, TENANT } from '../../support/createSubscriptionWorld';

const CLAIM = { outcome: 'unconfirmed', tenantId: TENANT } as const;
const CONSENTED = { outcome: 'consented', tenantId: TENANT } as const;
const READ = ['PrintJob.ReadBasic.All', 'Printer.Read.All'];

type GetToken = (tenantId: string, options?: { fresh: true }) => Promise<string>;

/** Graph looks at the permission first, and knows none of the ids that are tried. */
async function setUp(getToken: GetToken = () => Promise.resolve('token'), granted: readonly string[] = READ) {
  const world = createSubscriptionWorld();
  await world.addTenant();
  const get = jest.fn(getToken);
  const callGraph = jest.fn(({ permission }: GraphCall) =>
    Promise.reject(graphError(granted.includes(permission) ? 'notFound' : 'forbidden')),
  );
  const deps = { ...world, tokens: { get }, callGraph, needed: READ };
  return { world, get, deps, callGraph, confirm: createConfirmConsent(deps) };
}

it('says that a customer has consented when Graph grants what is needed', async () => {
  const { confirm, get } = await setUp();
  expect(await confirm(CLAIM)).toEqual(CONSENTED);
  expect(get.mock.calls).toEqual([[TENANT, { fresh: true }]]);
});

// Entra gives a token without roles wherever the app has a service principal (identity-platform/v2-oauth2-client-creds-grant-flow).
it.each([[[]], [['Printer.Read.All']], [['PrintJob.ReadBasic.All']]])(
  'does not say so for a token that has only the permissions %j',
  async (granted) => {
    const { confirm } = await setUp(undefined, granted);
    expect(await confirm(CLAIM)).toEqual(CLAIM);
  },
);

it('does not say so for a permission that cannot be tried', async () => {
  const { deps } = await setUp();
  expect(await createConfirmConsent({ ...deps, needed: [...READ, 'Other.Permission.All'] })(CLAIM)).toEqual(CLAIM);
});

it('does not take a cached token of before a withdrawal for a consent', async () => {
  const { world, deps } = await setUp();
  let isWithdrawn = false;
  const tokens = createTokens((_tenantId, { fresh }) => {
    if (fresh && isWithdrawn) return Promise.reject(new ReceiverError('tokenRefused', 'no token'));
    return Promise.resolve('token');
  }, world.clock);
  const confirm = createConfirmConsent({ ...deps, tokens });
  expect(await confirm(CLAIM)).toEqual(CONSENTED);
  isWithdrawn = true;
  world.clock.advance(MINUTE);
  expect(await confirm(CLAIM)).toEqual(CLAIM);
});

it.each(['tokenRefused', 'tokenUnavailable'] as const)('does not say so after %s', async (code) => {
  const { confirm, callGraph } = await setUp(() => Promise.reject(new ReceiverError(code, 'no token')));
  expect(await confirm(CLAIM)).toEqual(CLAIM);
  expect(callGraph).not.toHaveBeenCalled();
});

it('does not say so when Graph takes longer than a person waits', async () => {
  const { deps } = await setUp();
  const callGraph = () => new Promise<never>(() => undefined);
  expect(await createConfirmConsent({ ...deps, callGraph }, 5)(CLAIM)).toEqual(CLAIM);
});

it('asks at most once a minute for each customer, however often the page is loaded', async () => {
  const { world, get, confirm, callGraph } = await setUp();
  await Promise.all([confirm(CLAIM), confirm(CLAIM), confirm(CLAIM)]);
  world.clock.advance(MINUTE - 1);
  await confirm(CLAIM);
  expect([get.mock.calls.length, callGraph.mock.calls.length]).toEqual([1, 2]);
  world.clock.advance(1);
  await confirm(CLAIM);
  expect([get.mock.calls.length, callGraph.mock.calls.length]).toEqual([2, 4]);
});

it('asks nothing for a tenant that no operator has added, and nothing without a claim', async () => {
  const { get, confirm, callGraph } = await setUp();
  const unknown = { ...CLAIM, tenantId: OTHER_TENANT };
  expect(await confirm(unknown)).toEqual(unknown);
  expect(await confirm({ outcome: 'unknownLink' })).toEqual({ outcome: 'unknownLink' });
  expect(get).not.toHaveBeenCalled();
  expect(callGraph).not.toHaveBeenCalled();
});

it('throws a defect', async () => {
  const { confirm } = await setUp(() => Promise.reject(new TypeError('a defect')));
  await expect(confirm(CLAIM)).rejects.toThrow('a defect');
});
