import { createCache } from '../cache';
import type { Logger } from '../logger';
import { createRefuseAttempt } from './attempts';
import type { DeviceToken } from './deviceTokens';
import { tokenState, type TokenDeps } from './issueToken';
import { verifyToken, type TokenClaims } from './tokenText';

/** A device whose token is valid. */
export type Device = Pick<DeviceToken, 'tenantId' | 'tokenId' | 'name' | 'printers'>;

export type DeviceVerdict =
  | { outcome: 'admitted'; device: Device }
  /** No valid token. Which check failed is in the log alone. */
  | { outcome: 'refused' }
  /** No valid token, and too many such attempts at once. */
  | { outcome: 'tooMany' };

/**
 * Checks the token of a call.
 *
 * @param call authorization: the header. caller: the address of the caller
 * @throws errors of storage and ReceiverError `rowUnreadable`: the row cannot be read, so the token may be valid
 */
export type AdmitDevice = (
  call: { authorization: string | null; caller: string },
  logger: Pick<Logger, 'warn'>,
) => Promise<DeviceVerdict>;

/** A revocation takes effect within this time in every process. */
const KEEP_ROW_MS = 60_000;
/** Rows of tokens with a valid signature, each some hundred bytes. */
const MOST_ROWS = 10_000;
/** Beyond the bound of delayed answers each of them would be a line of the log. */
const LINES_OF_TOO_MANY = 100;

/** The signature is checked before the row is read, so guesses cost no call to storage. */
export function createAdmitDevice(deps: Pick<TokenDeps, 'tokens' | 'signer' | 'clock'>): AdmitDevice {
  const { clock } = deps;
  const rows = createCache<{ row: DeviceToken | undefined }>({ most: MOST_ROWS, keepMs: KEEP_ROW_MS, clock });
  const refuse = createRefuseAttempt(clock);
  const readRow = async ({ tenantId, tokenId }: TokenClaims) => {
    const key = `${tenantId}.${tokenId}`;
    const known = rows.get(key);
    if (known) return known.row;
    const row = await deps.tokens.get(tenantId, tokenId);
    rows.set(key, { row });
    return row;
  };
  return async ({ authorization, caller }, logger) => {
    const [, text = ''] = /^Bearer +(\S{1,200})$/i.exec(authorization ?? '') ?? [];
    const claims = verifyToken(deps.signer, text);
    const row = claims && (await readRow(claims));
    const state = !claims ? 'unsigned' : row?.keyId === claims.keyId ? tokenState(row, clock.now()) : 'unknown';
    if (row && state === 'active') {
      const { tenantId, tokenId, name, printers } = row;
      return { outcome: 'admitted', device: { tenantId, tokenId, name, printers } };
    }
    const { outcome, attempts, total } = await refuse(caller);
    if (outcome === 'delayed' || total % LINES_OF_TOO_MANY === 0) {
      const ids = claims ? { tenantId: claims.tenantId, tokenId: claims.tokenId } : {};
      logger.warn('device.refused', { ...ids, reason: state, attempts, total });
    }
    return { outcome: outcome === 'tooMany' ? 'tooMany' : 'refused' };
  };
}
