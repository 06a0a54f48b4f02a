import type { Clock } from '../clock';
import type { TextSigner } from '../settings/signatures';
import type { EntityTable } from '../storage/entityTable';
import type { KeyRing } from '../config';
import { createDeviceTokens, type DeviceToken, type DeviceTokens } from './deviceTokens';
import { createTokenSigner, formatToken } from './tokenText';

export interface TokenDeps {
  tokens: DeviceTokens;
  signer: TextSigner;
  clock: Clock;
  randomBytes: (size: number) => Buffer;
}

/** The tokens of devices: their table and their signatures. */
export function openDeviceTokens({
  table,
  ring,
  ...deps
}: { table: EntityTable; ring: KeyRing } & Pick<TokenDeps, 'clock' | 'randomBytes'>): TokenDeps {
  return { tokens: createDeviceTokens(table), signer: createTokenSigner(ring), ...deps };
}

export interface IssuedToken {
  token: DeviceToken;
  /** What the device sends. It is stored nowhere. */
  text: string;
}

const DAY_MS = 24 * 60 * 60_000;
/** 64 bits: the id is no secret, and no two tokens of a tenant have the same. */
const ID_BYTES = 8;

/** Makes a token for a device of a tenant. It is valid as soon as this resolves. @throws errors of storage */
export async function issueToken(
  { tokens, signer, clock, randomBytes }: TokenDeps,
  wanted: { tenantId: string; name: string; printers: readonly string[]; days: number },
): Promise<IssuedToken> {
  const { days, ...described } = wanted;
  const now = clock.now();
  for (;;) {
    const tokenId = randomBytes(ID_BYTES).toString('hex');
    const { text, keyId } = formatToken(signer, { tenantId: wanted.tenantId, tokenId });
    const token: DeviceToken = {
      ...described,
      tokenId,
      createdAt: new Date(now).toISOString(),
      expiresAt: new Date(now + days * DAY_MS).toISOString(),
      keyId,
      status: 'active',
    };
    if (await tokens.add(token)) return { token, text };
  }
}

/** `expired` and `revoked` tokens are refused. */
export type TokenState = 'active' | 'expired' | 'revoked';

/** @param now milliseconds since 1970 */
export function tokenState({ status, expiresAt }: DeviceToken, now: number): TokenState {
  if (status === 'revoked') return 'revoked';
  return now < Date.parse(expiresAt) ? 'active' : 'expired';
}
