import { jwtVerify } from 'jose';
import { createHash } from 'node:crypto';
import { printerAdministratorRole } from './permissions';
import type { Reply } from './reply';
import type { Simulation } from './simulation';
import { tokenError } from './tokenError';

const LIFETIME_SECONDS = 3599;
// identity-platform configurable-token-lifetimes: 90 days.
const REFRESH_LIFETIME_SECONDS = 90 * 86_400;
// What `/.default` stands for: the delegated permissions that a registration for this product asks for.
const defaultScopes = ['Printer.Read.All', 'Printer.ReadWrite.All'];
/** Audience of refresh tokens, which keeps them from passing for access tokens. */
export const REFRESH_AUDIENCE = 'refresh';
const openIdScopes = new Set(['openid', 'profile', 'email', 'offline_access']);

/** Claims of an access token of a signed-in user. */
export function userClaims(
  simulation: Simulation,
  user: { tenantId: string; appId: string; scopes: string; isPrinterAdministrator: boolean },
): Record<string, unknown> {
  const seconds = Math.floor(simulation.now() / 1000);
  return {
    aud: 'https://graph.microsoft.com',
    iss: `https://sts.windows.net/${user.tenantId}/`,
    tid: user.tenantId,
    appid: user.appId,
    scp: user.scopes,
    wids: user.isPrinterAdministrator ? [printerAdministratorRole] : [],
    iat: seconds,
    nbf: seconds,
    exp: seconds + LIFETIME_SECONDS,
    ver: '1.0',
  };
}

/** Who signed in, where, and what for. */
interface UserSignIn {
  tenantId: string;
  clientId: string;
  scopes: readonly string[];
  isPrinterAdministrator: boolean;
}

/** Tokens of a user who signed in by device code, as the token endpoint answers them. */
export async function issueUserTokens(simulation: Simulation, signIn: UserSignIn): Promise<Reply> {
  const { tenantId, clientId, isPrinterAdministrator } = signIn;
  const asked = signIn.scopes.filter((name) => !openIdScopes.has(name));
  const scopes = namesOf(asked).join(' ');
  const claims = userClaims(simulation, { tenantId, appId: clientId, scopes, isPrinterAdministrator });
  const account = isPrinterAdministrator ? 'printer-administrator' : 'user';
  const objectId = stableGuid(`${tenantId} ${account}`);
  const accessToken = await simulation.keys.sign({ ...claims, oid: objectId, sub: objectId });
  const idToken = await simulation.keys.sign({
    aud: clientId,
    iss: `${simulation.authorityUrl}/${tenantId}/v2.0`,
    iat: Number(claims['iat']),
    nbf: Number(claims['iat']),
    exp: Number(claims['exp']),
    oid: objectId,
    sub: objectId,
    tid: tenantId,
    preferred_username: `${account}@${tenantId}.example`,
    ver: '2.0',
  });
  const refreshToken = await simulation.keys.sign({
    aud: REFRESH_AUDIENCE,
    tid: tenantId,
    appid: clientId,
    wids: claims['wids'],
    exp: Number(claims['iat']) + REFRESH_LIFETIME_SECONDS,
  });
  const clientInfo = JSON.stringify({ uid: objectId, utid: tenantId });
  return {
    status: 200,
    headers: { 'cache-control': 'no-store' },
    body: {
      token_type: 'Bearer',
      // The form that was asked for is given back, by which clients find the token in their cache.
      scope: [...new Set([...asked, ...scopes.split(' ')])].join(' '),
      expires_in: LIFETIME_SECONDS,
      ext_expires_in: LIFETIME_SECONDS,
      access_token: accessToken,
      id_token: idToken,
      ...(signIn.scopes.includes('offline_access') ? { refresh_token: refreshToken } : {}),
      client_info: Buffer.from(clientInfo).toString('base64url'),
    },
  };
}

/** Gives fresh tokens for a refresh token of the same tenant and app, else `invalid_grant` (identity-platform v2-oauth2-auth-code-flow). */
export async function refreshUserTokens(
  simulation: Simulation,
  tenantId: string,
  form: URLSearchParams,
): Promise<Reply> {
  const { publicKey } = simulation.keys;
  const currentDate = new Date(simulation.now());
  const checked = await jwtVerify(form.get('refresh_token') ?? '', publicKey, {
    audience: REFRESH_AUDIENCE,
    currentDate,
  }).catch(() => undefined);
  const { tid, appid, wids } = checked?.payload ?? {};
  if (tid !== tenantId || typeof appid !== 'string' || appid !== form.get('client_id'))
    return tokenError(simulation, 400, 'invalid_grant', 70000, 'The refresh token is not valid.');
  return issueUserTokens(simulation, {
    tenantId,
    clientId: appid,
    scopes: (form.get('scope') ?? '').split(' ').filter((scope) => scope !== ''),
    isPrinterAdministrator: Array.isArray(wids) && wids.length > 0,
  });
}

/** Scopes without their resource: `https://graph.microsoft.com/Printer.Read.All` and `Printer.Read.All` are one. */
function namesOf(scopes: readonly string[]): string[] {
  const names = scopes.map((scope) => scope.slice(scope.lastIndexOf('/') + 1));
  return names.flatMap((name) => (name === '.default' ? defaultScopes : [name]));
}

function stableGuid(text: string): string {
  const hex = createHash('sha256').update(text).digest('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}
