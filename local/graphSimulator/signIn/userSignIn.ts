import { randomBytes, randomInt, randomUUID } from 'node:crypto';
import { deviceAnswers, type DeviceAnswer } from '../control/controlTypes';
import type { Reply } from '../http/server';
import type { DeviceSignIn, Simulation, Tenant } from '../world/simulation';
import { printerAdministratorRole } from './permissions';

/** Lifetime of every access token (identity-platform v2-oauth2-client-creds-grant-flow: the sample answer). */
export const LIFETIME_SECONDS = 3599;
/** The grant types of a device code: the documented one, and the older name that MSAL still sends. */
export const deviceCodeGrants: readonly (string | null)[] = [
  'urn:ietf:params:oauth:grant-type:device_code',
  'device_code',
];

// identity-platform v2-oauth2-device-code: the user has 15 minutes by default.
const CODE_LIFETIME_SECONDS = 900;
// Letters that are not taken for one another.
const LETTERS = 'BCDFGHJKLMNPQRSTVWXZ';
const openIdScopes = new Set(['openid', 'profile', 'email', 'offline_access']);

/** An error in the shape of the sign-in service (identity-platform reference-error-codes). */
export function authorityError(
  { authorityUrl, now }: Simulation,
  status: number,
  error: string,
  number: number,
  text: string,
): Reply {
  const [traceId, correlationId] = [randomUUID(), randomUUID()];
  const timestamp = `${new Date(now()).toISOString().slice(0, 19).replace('T', ' ')}Z`;
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
      error_uri: `${authorityUrl}/error?code=${number}`,
    },
  };
}

/** Starts a sign-in by device code (identity-platform v2-oauth2-device-code, device authorization request). */
export function startDeviceSignIn(simulation: Simulation, tenant: Tenant, form: URLSearchParams): Reply {
  const clientId = form.get('client_id') ?? '';
  const scopes = (form.get('scope') ?? '').split(' ').filter((word) => word !== '');
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

/** Enters a user code. False when no sign-in waits for it. */
export function answerDeviceCode({ world, now }: Simulation, userCode: string, answer: DeviceAnswer): boolean {
  const wanted = userCode.trim().toUpperCase();
  const waiting = [...world.deviceCodes.values()].find(
    (signIn) => signIn.userCode === wanted && signIn.answer === undefined && signIn.expiresAt > now(),
  );
  if (waiting) waiting.answer = answer;
  return waiting !== undefined;
}

/** The page behind `verification_uri`: `?user_code=…&as=printerAdministrator|user|decline` enters the code. */
export function answerDeviceLogin(simulation: Simulation, query: URLSearchParams): Reply {
  const page = (status: number, body: string): Reply => ({ status, headers: { 'content-type': 'text/plain' }, body });
  const userCode = query.get('user_code');
  const answer = deviceAnswers.find((name) => name === (query.get('as') ?? 'printerAdministrator'));
  if (userCode === null || !answer) return page(400, `Add ?user_code=<code>&as=${deviceAnswers.join('|')} to the URL.`);
  if (!answerDeviceCode(simulation, userCode, answer)) return page(404, 'No sign-in is waiting for this code.');
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
  const asked = signIn.scopes.filter((name) => !openIdScopes.has(name));
  // Scopes without their resource: `https://graph.microsoft.com/Printer.Read.All` is `Printer.Read.All`.
  const names = asked.map((scope) => scope.slice(scope.lastIndexOf('/') + 1));
  const user = { tenantId, appId: clientId, scopes: names.join(' '), isPrinterAdministrator };
  const objectId = randomUUID();
  const claims = { ...userClaims(simulation, user), oid: objectId, sub: objectId };
  const accessToken = await simulation.keys.sign(claims);
  const { scp: _scopes, wids: _roles, appid: _app, ...shared } = claims;
  const idClaims = { aud: clientId, iss: `${simulation.authorityUrl}/${tenantId}/v2.0`, ver: '2.0' };
  const idToken = await simulation.keys.sign({
    ...shared,
    ...idClaims,
    preferred_username: `user@${tenantId}.example`,
  });
  return {
    status: 200,
    body: {
      token_type: 'Bearer',
      // The requested form is returned too, by which clients find the token in their cache.
      scope: [...new Set([...asked, ...names])].join(' '),
      expires_in: LIFETIME_SECONDS,
      ext_expires_in: LIFETIME_SECONDS,
      access_token: accessToken,
      id_token: idToken,
      client_info: Buffer.from(JSON.stringify({ uid: objectId, utid: tenantId })).toString('base64url'),
    },
  };
}
