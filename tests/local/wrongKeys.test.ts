import { describeWrongKeys } from '../../local/wrongKeys';

const wrong = (tenantId: string, keyId: string, problem: string) => ({ tenantId, watch: 'w', keyId, problem });

it('names each customer whose watches have a wrong key once, with the keys and the remedy', () => {
  const wrongKeys = [
    wrong('a', 'k0', 'missing'),
    wrong('a', 'k0', 'missing'),
    wrong('a', 'k1', 'changed'),
    wrong('b', 'k1', 'changed'),
  ];
  expect(describeWrongKeys({ wrongKeys })).toEqual([
    'warning: the watches of tenant a are signed with another key: k0 (missing), k1 (changed).',
    'warning: the watches of tenant b are signed with another key: k1 (changed).',
    expect.stringMatching(/CLIENT_STATE_KEYS.*npm run -s cli -- subscriptions reconcile$/),
  ]);
});

it.each([[undefined], [null], [{}], [{ wrongKeys: [] }], [{ wrongKeys: 'x' }]])('says nothing about %j', (status) => {
  expect(describeWrongKeys(status)).toEqual([]);
});
