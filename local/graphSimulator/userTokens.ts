import { createHash } from 'node:crypto';
import { printerAdministratorRole } from './permissions';
import type { Reply } from './reply';
import type { Simulation } from './simulation';
import type { DeviceSignIn } from './world';

const LIFETIME_SECONDS = 3599;
// What `/.default` stands for: the delegated permissions that a registration for this product asks for.
const defaultScopes = ['Printer.Read.All', 'Printer.ReadWrite.All'];
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

/** Tokens of a user who signed in by device code, as the token endpoint answers them. */
export async function issueUserTokens(
  simulation: Simulation,
  signIn: DeviceSignIn,
  isPrinterAdministrator: boolean,
): Promise<Reply> {
  const { tenantId, clientId } = signIn;
  const scopes = namesOf(signIn.scopes).join(' ');
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
  const clientInfo = JSON.stringify({ uid: objectId, utid: tenantId });
  return {
    status: 200,
    headers: { 'cache-control': 'no-store' },
    body: {
      token_type: 'Bearer',
      scope: scopes,
      expires_in: LIFETIME_SECONDS,
      ext_expires_in: LIFETIME_SECONDS,
      access_token: accessToken,
      id_token: idToken,
      client_info: Buffer.from(clientInfo).toString('base64url'),
    },
  };
}

/** Scopes without their resource: `https://graph.microsoft.com/Printer.Read.All` and `Printer.Read.All` are one. */
function namesOf(scopes: readonly string[]): string[] {
  const names = scopes
    .map((scope) => scope.slice(scope.lastIndexOf('/') + 1))
    .filter((name) => !openIdScopes.has(name));
  return names.flatMap((name) => (name === '.default' ? defaultScopes : [name]));
}

function stableGuid(text: string): string {
  const hex = createHash('sha256').update(text).digest('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}
