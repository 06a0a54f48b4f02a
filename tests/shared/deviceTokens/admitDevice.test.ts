import { createHmac, hkdfSync, randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { createAdmitDevice } from '../../../shared/deviceTokens/admitDevice';
import { createDeviceTokens } from '../../../shared/deviceTokens/deviceTokens';
import { issueToken } from '../../../shared/deviceTokens/issueToken';
import { createTokenSigner } from '../../../shared/deviceTokens/tokenText';
import { ReceiverError } from '../../../shared/errors';
import type { KeyRing } from '../../../shared/settings/keyRing';
import { createTextSigner } from '../../../shared/settings/signatures';
import { createCapturedLogger } from '../../support/createCapturedLogger';
import { createFakeClock } from '../../support/createFakeClock';
import { createMemoryTable } from '../../support/memoryTable';
import { testKey } from '../../support/testKey';

const TENANT = '11111111-1111-1111-1111-111111111111';
const OTHER = '99999999-9999-9999-9999-999999999999';
const DAY = 24 * 60 * 60_000;
const K1 = { keyId: 'k1', key: testKey(1) };
const K2 = { keyId: 'k2', key: testKey(2) };

function createDevices(ring: KeyRing = [K1]) {
  const clock = createFakeClock();
  const logger = createCapturedLogger();
  const table = createMemoryTable();
  const tokens = createDeviceTokens(table);
  const deps = { tokens, signer: createTokenSigner(ring), clock, randomBytes };
  const open = (keys: KeyRing) => {
    const admit = createAdmitDevice({ ...deps, signer: createTokenSigner(keys) });
    return (text: string | null, caller = '192.0.2.1') =>
      admit({ authorization: text === null ? null : `Bearer ${text}`, caller }, logger);
  };
  const issue = (tenantId = TENANT) =>
    issueToken(deps, { tenantId, name: 'Reader 1', printers: ['p1', 'p2'], days: 90 });
  return { clock, logger, table, tokens, issue, open, admit: open(ring) };
}

describe('a token', () => {
  it('admits its device with its tenant and printers', async () => {
    const { issue, admit, logger } = createDevices();
    const { token, text } = await issue();
    expect(await admit(text)).toEqual({
      outcome: 'admitted',
      device: { tenantId: TENANT, tokenId: token.tokenId, name: 'Reader 1', printers: ['p1', 'p2'] },
    });
    expect(logger.events).toEqual([]);
  });

  it('is signed under a key by HKDF with a label of its own (decision 21), and neither its text nor its mac is stored', async () => {
    const { issue, table } = createDevices();
    const { token, text } = await issue();
    const key = Buffer.from(hkdfSync('sha256', testKey(1), '', 'device token', 32));
    const claims = `uprd1.${TENANT}.${token.tokenId}`;
    const mac = createHmac('sha256', key).update(claims).digest('base64url');
    expect(text).toBe(`${claims}.k1.${mac}`);
    expect(JSON.stringify((await table.get(TENANT, token.tokenId))?.cells)).not.toContain(mac);
  });

  it('expires', async () => {
    const { issue, admit, clock } = createDevices();
    const { text } = await issue();
    clock.advance(90 * DAY - 1);
    expect(await admit(text)).toMatchObject({ outcome: 'admitted' });
    clock.advance(1);
    expect(await admit(text)).toEqual({ outcome: 'refused' });
  });

  it('is refused within 60 s of its revocation or deletion, and its row is read once a minute', async () => {
    const { issue, admit, clock, tokens, table } = createDevices();
    const [revoked, deleted] = [await issue(), await issue()];
    let reads = 0;
    const get = table.get.bind(table);
    table.get = (...row) => ((reads += 1), get(...row));
    for (const { text } of [revoked, deleted, revoked, deleted])
      expect(await admit(text)).toMatchObject({ outcome: 'admitted' });
    expect(reads).toBe(2);
    await tokens.revoke(TENANT, revoked.token.tokenId);
    const row = await get(TENANT, deleted.token.tokenId);
    await table.remove(TENANT, deleted.token.tokenId, row?.etag ?? '');
    clock.advance(60_001);
    for (const { text } of [revoked, deleted]) expect(await admit(text)).toEqual({ outcome: 'refused' });
  });

  it('outlives a change of keys until its key leaves the ring, and is valid with no other key', async () => {
    const { issue, open, logger } = createDevices();
    const { token, text } = await issue();
    expect(await open([K2, K1])(text)).toMatchObject({ outcome: 'admitted' });
    expect(await open([K2])(text)).toEqual({ outcome: 'refused' });
    // The holder of another key of the ring knows the id of the token.
    const claims = `uprd1.${TENANT}.${token.tokenId}`;
    const forged = `${claims}.${createTokenSigner([K2]).sign(claims)}`;
    expect(await open([K1, K2])(forged)).toEqual({ outcome: 'refused' });
    expect(logger.events.map(({ reason }) => reason)).toEqual(['unsigned', 'unknown']);
  });

  it('is not known while its row cannot be read: neither admitted nor refused', async () => {
    const { issue, admit, table } = createDevices();
    const { text } = await issue();
    table.get = () => Promise.reject(new ReceiverError('storageUnavailable', 'x'));
    await expect(admit(text)).rejects.toMatchObject({ code: 'storageUnavailable' });
  });
});

describe('what is no valid token', () => {
  it('is refused in the same words whatever is wrong, and costs no call to storage unless its signature is valid', async () => {
    const { issue, admit, table } = createDevices();
    const { token, text } = await issue();
    const claims = `uprd1.${TENANT}.${token.tokenId}`;
    const sign = (signer: { sign(text: string): string }, what = claims) => `${what}.${signer.sign(what)}`;
    let reads = 0;
    const get = table.get.bind(table);
    table.get = (...row) => ((reads += 1), get(...row));
    const wrong = [
      null,
      '',
      'uprd1',
      text.toUpperCase(),
      text.replace(TENANT, OTHER),
      text.replace(token.tokenId, '0'.repeat(16)),
      text.slice(0, -1),
      `${text}=`,
      text.replace('.k1.', '.k9.'),
      sign(createTokenSigner([{ ...K2, keyId: 'k1' }])),
      sign(createTextSigner([K1], 'continuation')),
      sign(createTextSigner([K1], 'queue print-notifications')),
      `${claims}.k1.${createHmac('sha256', K1.key).update(claims).digest('base64url')}`,
    ];
    for (const one of wrong) expect(await admit(one)).toEqual({ outcome: 'refused' });
    expect(reads).toBe(0);
    const unknown = sign(createTokenSigner([K1]), `uprd1.${TENANT}.${'f'.repeat(16)}`);
    expect(await admit(unknown)).toEqual({ outcome: 'refused' });
    expect(reads).toBe(1);
  });

  it('no change of one character is accepted', async () => {
    const { issue, admit } = createDevices();
    const { text } = await issue();
    const changes = fc.record({ at: fc.nat(text.length - 1), character: fc.string({ minLength: 1, maxLength: 1 }) });
    await fc.assert(
      fc.asyncProperty(changes, async ({ at, character }) => {
        const changed = text.slice(0, at) + character + text.slice(at + 1);
        fc.pre(changed !== text);
        expect(await admit(changed)).toMatchObject({ outcome: 'refused' });
      }),
    );
  });

  it('is logged with its reason and count, and never with the token', async () => {
    const { issue, admit, tokens, logger } = createDevices();
    const { token, text } = await issue();
    await tokens.revoke(TENANT, token.tokenId);
    await admit(text);
    await admit('guess');
    expect(logger.events).toEqual([
      expect.objectContaining({ event: 'device.refused', reason: 'revoked', tokenId: token.tokenId, attempts: 1 }),
      expect.objectContaining({ event: 'device.refused', reason: 'unsigned', attempts: 2, total: 2 }),
    ]);
    expect(JSON.stringify(logger.events)).not.toContain(text.slice(-43));
  });

  it('delays no device with a valid token, however many attempts of its address are refused', async () => {
    const { issue, admit, clock } = createDevices();
    const { text } = await issue();
    for (let attempt = 0; attempt < 200; attempt += 1) await admit('guess');
    const before = clock.now();
    expect(await admit(text)).toMatchObject({ outcome: 'admitted' });
    expect(clock.now()).toBe(before);
  });
});
