import { createHash, randomBytes, randomInt, randomUUID } from 'node:crypto';
import { jwtVerify } from 'jose';
import { deviceAnswers, type DeviceAnswer } from '../control/controlTypes';
import type { Reply } from '../http/server';
import type { DeviceSignIn, Simulation, Tenant } from '../world/simulation';
import { printerAdministratorRole } from './permissions';

/** Lifetime of every access token (identity-platform v2-oauth2-client-creds-grant-flow: the sample answer). */
export const LIFETIME_SECONDS = 3599;
/** Audience of refresh tokens, which keeps them from being accepted as access tokens. */
export const REFRESH_AUDIENCE = 'refresh';
/** The grant types of a device code: the documented one, and the older name that MSAL still sends. */
export const deviceCodeGrants: readonly (string | null)[] = [
  'urn:ietf:params:oauth:grant-type:device_code',
  'device_code',
];

// identity-platform v2-oauth2-device-code: the user has 15 minutes by default.
const CODE_LIFETIME_SECONDS = 900;
// identity-platform configurable-token-lifetimes: 90 days.
const REFRESH_LIFETIME_SECONDS = 90 * 86_400;
// Letters that are not taken for one another.
const LETTERS = 'BCDFGHJKLMNPQRSTVWXZ';
// What `/.default` stands for: the delegated permissions that a registration for this product requests.
const defaultScopes = ['Printer.Read.All', 'Printer.ReadWrite.All'];
const openIdScopes = new Set(['openid', 'profile', 'email', 'offline_access']);

/** An error in the shape of the sign-in service (identity-platform reference-error-codes). */
export function authorityError(
  simulation: Simulation,
  status: number,
  error: string,
  number: number,
  text: string,
): Reply {
  const traceId = randomUUID();
  const correlationId = randomUUID();
  const timestamp = `${new Date(simulation.now()).toISOString().slice(0, 19).replace('T', ' ')}Z`;
  const ids = `Trace ID: ${traceId} Correlation ID: ${correlationId} Timestamp: ${timestamp}`;
  return {
    status,
    body: {
      error,
      error_description: `AADSTS${number}: ${text} ${ids}`,
      error_codes: [number],
      timestamp,
      trace_id: traceId,
      correlation_id: correlationId,
      error_uri: `${simulation.authorityUrl}/error?code=${number}`,
    },
  };
}

/** Starts a sign-in by device code (identity-platform v2-oauth2-device-code, device authorization request). */
export function startDeviceSignIn(simulation: Simulation, tenant: Tenant, form: URLSearchParams): Reply {
  const clientId = form.get('client_id') ?? '';
  const scopes = wordsOf(form.get('scope'));
  const missing = clientId === '' ? 'client_id' : scopes.length === 0 ? 'scope' : undefined;
  if (missing !== undefined)
    return authorityError(simulation, 400, 'invalid_request', 900144, `The body must contain '${missing}'.`);
  const signIn: DeviceSignIn = {
    deviceCode: randomBytes(32).toString('base64url'),
    userCode: Array.from({ length: 9 }, () => LETTERS[randomInt(LETTERS.length)]).join(''),
    tenantId: tenant.id,
    clientId,
    scopes,
    expiresAt: simulation.now() + CODE_LIFETIME_SECONDS * 1000,
    answer: undefined,
  };
  simulation.world.deviceCodes.set(signIn.deviceCode, signIn);
  const verificationUri = `${simulation.graphUrl}/devicelogin`;
  return {
    status: 200,
    headers: { 'cache-control': 'no-store' },
    body: {
      user_code: signIn.userCode,
      device_code: signIn.deviceCode,
      verification_uri: verificationUri,
      expires_in: CODE_LIFETIME_SECONDS,
      interval: simulation.variants.deviceCodeIntervalSeconds,
      message: `To sign in, use a web browser to open the page ${verificationUri} and enter the code ${signIn.userCode} to authenticate.`,
    },
  };
}

/** Enters a user code; gives the sign-in, or undefined when the code is not waiting. */
export function answerDeviceCode(
  { world, now }: Simulation,
  userCode: string,
  answer: DeviceAnswer,
): DeviceSignIn | undefined {
  const wanted = userCode.trim().toUpperCase();
  const waiting = [...world.deviceCodes.values()].find(
    (signIn) => signIn.userCode === wanted && signIn.answer === undefined && signIn.expiresAt > now(),
  );
  if (waiting) waiting.answer = answer;
  return waiting;
}

/** The page behind `verification_uri`: `?user_code=…&as=printerAdministrator|user|decline` signs in, anything else shows the form. */
export function deviceLoginPage(simulation: Simulation, query: URLSearchParams): Reply {
  const form = `<form><label>Code <input name="user_code" autofocus></label>
<select name="as"><option value="printerAdministrator">Printer Administrator</option>
<option value="user">user without a role</option><option value="decline">decline</option></select>
<button>Sign in</button></form>`;
  // No text of the request is written into the page.
  const page = (status: number, content: string): Reply => ({
    status,
    headers: { 'content-type': 'text/html; charset=utf-8', 'x-content-type-options': 'nosniff' },
    body: `<!doctype html><title>Device sign-in (simulated)</title><p>${content}</p>\n`,
  });
  const userCode = query.get('user_code');
  if (userCode === null) return page(200, form);
  const answer = deviceAnswers.find((name) => name === (query.get('as') ?? 'printerAdministrator'));
  if (!answer) return page(400, `Choose one of ${deviceAnswers.join(', ')}.${form}`);
  if (!answerDeviceCode(simulation, userCode, answer)) return page(404, `No sign-in is waiting for this code.${form}`);
  return page(200, answer === 'decline' ? 'Declined.' : 'Signed in. You can close this page.');
}

/** Answers one poll of the token endpoint (identity-platform v2-oauth2-device-code, expected errors). */
export async function redeemDeviceCode(simulation: Simulation, tenant: Tenant, form: URLSearchParams): Promise<Reply> {
  const refuse = (error: string, number: number, text: string) => authorityError(simulation, 400, error, number, text);
  const { deviceCodes } = simulation.world;
  const signIn = deviceCodes.get(form.get('device_code') ?? '');
  if (!signIn || signIn.tenantId !== tenant.id || signIn.clientId !== form.get('client_id'))
    return refuse('bad_verification_code', 70018, 'The verification code is not valid.');
  if (signIn.expiresAt <= simulation.now()) return refuse('expired_token', 70019, 'The verification code has expired.');
  if (signIn.answer === undefined) return refuse('authorization_pending', 70016, 'The user has not yet signed in.');
  deviceCodes.delete(signIn.deviceCode);
  if (signIn.answer === 'decline') return refuse('authorization_declined', 65004, 'The user declined the sign-in.');
  const isPrinterAdministrator = signIn.answer === 'printerAdministrator';
  return issueUserTokens(simulation, { ...signIn, isPrinterAdministrator });
}

/** Gives fresh tokens for a refresh token of the same tenant and app, else `invalid_grant` (identity-platform v2-oauth2-auth-code-flow). */
export async function refreshUserTokens(simulation: Simulation, tenant: Tenant, form: URLSearchParams): Promise<Reply> {
  const checked = await jwtVerify(form.get('refresh_token') ?? '', simulation.keys.publicKey, {
    audience: REFRESH_AUDIENCE,
    currentDate: new Date(simulation.now()),
  }).catch(() => undefined);
  const { tid, appid, wids } = checked?.payload ?? {};
  if (tid !== tenant.id || typeof appid !== 'string' || appid !== form.get('client_id'))
    return authorityError(simulation, 400, 'invalid_grant', 70000, 'The refresh token is not valid.');
  return issueUserTokens(simulation, {
    tenantId: tenant.id,
    clientId: appid,
    scopes: wordsOf(form.get('scope')),
    isPrinterAdministrator: Array.isArray(wids) && wids.length > 0,
  });
}

/** Claims of an access token of a signed-in user. */
export function userClaims(
  { now }: Pick<Simulation, 'now'>,
  user: { tenantId: string; appId: string; scopes: string; isPrinterAdministrator: boolean },
) {
  const seconds = Math.floor(now() / 1000);
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

async function issueUserTokens(
  simulation: Simulation,
  signIn: { tenantId: string; clientId: string; scopes: readonly string[]; isPrinterAdministrator: boolean },
): Promise<Reply> {
  const { tenantId, clientId, isPrinterAdministrator } = signIn;
  const { sign } = simulation.keys;
  const asked = signIn.scopes.filter((name) => !openIdScopes.has(name));
  const scopes = namesOf(asked).join(' ');
  const claims = userClaims(simulation, { tenantId, appId: clientId, scopes, isPrinterAdministrator });
  const { iat, nbf, exp, wids } = claims;
  const account = isPrinterAdministrator ? 'printer-administrator' : 'user';
  const objectId = stableGuid(`${tenantId} ${account}`);
  const accessToken = await sign({ ...claims, oid: objectId, sub: objectId });
  const idToken = await sign({
    aud: clientId,
    iss: `${simulation.authorityUrl}/${tenantId}/v2.0`,
    iat,
    nbf,
    exp,
    oid: objectId,
    sub: objectId,
    tid: tenantId,
    preferred_username: `${account}@${tenantId}.example`,
    ver: '2.0',
  });
  const refreshToken = await sign({
    aud: REFRESH_AUDIENCE,
    tid: tenantId,
    appid: clientId,
    wids,
    exp: iat + REFRESH_LIFETIME_SECONDS,
  });
  return {
    status: 200,
    headers: { 'cache-control': 'no-store' },
    body: {
      token_type: 'Bearer',
      // The requested form is returned too, by which clients find the token in their cache.
      scope: [...new Set([...asked, ...wordsOf(scopes)])].join(' '),
      expires_in: LIFETIME_SECONDS,
      ext_expires_in: LIFETIME_SECONDS,
      access_token: accessToken,
      id_token: idToken,
      ...(signIn.scopes.includes('offline_access') ? { refresh_token: refreshToken } : {}),
      client_info: Buffer.from(JSON.stringify({ uid: objectId, utid: tenantId })).toString('base64url'),
    },
  };
}

/** Scopes without their resource: `https://graph.microsoft.com/Printer.Read.All` is `Printer.Read.All`. */
function namesOf(scopes: readonly string[]): string[] {
  const names = scopes.map((scope) => scope.slice(scope.lastIndexOf('/') + 1));
  return names.flatMap((name) => (name === '.default' ? defaultScopes : [name]));
}

function wordsOf(text: string | null): string[] {
  return (text ?? '').split(' ').filter((word) => word !== '');
}

function stableGuid(text: string): string {
  const hex = createHash('sha256').update(text).digest('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}
