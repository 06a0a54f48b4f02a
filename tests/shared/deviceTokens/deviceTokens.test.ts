import { createDeviceTokens, type DeviceToken } from '../../../shared/deviceTokens/deviceTokens';
import { createMemoryTable } from '../../support/memoryTable';

const TENANT = '11111111-1111-1111-1111-111111111111';
const OTHER = '99999999-9999-9999-9999-999999999999';
const token: DeviceToken = {
  tenantId: TENANT,
  tokenId: '0123456789abcdef',
  name: 'Reader 1',
  printers: ['p1', 'p2'],
  createdAt: '2026-11-22T00:00:00.000Z',
  expiresAt: '2027-02-20T00:00:00.000Z',
  keyId: 'k1',
  status: 'active',
};
const open = () => {
  const table = createMemoryTable();
  return { table, tokens: createDeviceTokens(table) };
};
async function all(listing: AsyncIterable<DeviceToken>): Promise<DeviceToken[]> {
  const found: DeviceToken[] = [];
  for await (const one of listing) found.push(one);
  return found;
}

describe('the table DeviceTokens', () => {
  it('stores a token under its tenant and id, and reads all of it', async () => {
    const { table, tokens } = open();
    expect(await tokens.add(token)).toBe(true);
    expect(await tokens.get(TENANT, token.tokenId)).toEqual(token);
    expect(await tokens.get(OTHER, token.tokenId)).toBeUndefined();
    expect((await table.get(TENANT, token.tokenId))?.cells).toMatchObject({ printers: 'p1,p2', keyId: 'k1' });
    expect(await tokens.add({ ...token, name: 'Another' })).toBe(false);
  });

  it('revokes a token, also twice, and reports one that is unknown', async () => {
    const { tokens } = open();
    await tokens.add(token);
    for (const _time of [1, 2])
      expect(await tokens.revoke(TENANT, token.tokenId)).toEqual({ ...token, status: 'revoked' });
    expect(await tokens.revoke(OTHER, token.tokenId)).toBeUndefined();
  });

  it('lists the tokens of a tenant or of all, and reports rows that cannot be read', async () => {
    const { table, tokens } = open();
    await tokens.add(token);
    await tokens.add({ ...token, tenantId: OTHER });
    await table.insert({ partitionKey: TENANT, rowKey: 'broken', status: 'perhaps' });
    const unreadable: string[] = [];
    const report = ({ message }: Error) => void unreadable.push(message);
    expect(await all(tokens.list(TENANT, report))).toEqual([token]);
    expect(await all(tokens.list(undefined, report))).toHaveLength(2);
    expect(unreadable[0]).toContain('The row broken of the table DeviceTokens');
    await expect(all(tokens.list(TENANT))).rejects.toMatchObject({ code: 'rowUnreadable' });
  });

  it('removes the tokens of a tenant and no others, and revokes all before it deletes the first', async () => {
    const { table, tokens } = open();
    await tokens.add(token);
    await tokens.add({ ...token, tokenId: 'fedcba9876543210' });
    await tokens.add({ ...token, tenantId: OTHER });
    await table.insert({ partitionKey: TENANT, rowKey: 'broken', status: 'perhaps' });
    const remove = table.remove.bind(table);
    table.remove = () => Promise.reject(new Error('storage is down'));
    await expect(tokens.removeAll(TENANT)).rejects.toThrow('storage is down');
    const left = await all(tokens.list(TENANT, () => undefined));
    expect(left.map(({ status }) => status)).toEqual(['revoked', 'revoked']);
    table.remove = remove;
    expect(await tokens.removeAll(TENANT)).toBe(3);
    expect(await all(tokens.list(undefined))).toEqual([{ ...token, tenantId: OTHER }]);
    expect(await tokens.removeAll(TENANT)).toBe(0);
  });

  it('removes no token whose revocation failed', async () => {
    const { table, tokens } = open();
    await tokens.add(token);
    table.replace = () => Promise.reject(new Error('storage is down'));
    await expect(tokens.removeAll(TENANT)).rejects.toThrow('storage is down');
    expect(await tokens.get(TENANT, token.tokenId)).toEqual(token);
  });
});
