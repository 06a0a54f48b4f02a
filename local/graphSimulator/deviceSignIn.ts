import { randomBytes, randomInt } from 'node:crypto';
import type { Reply } from './reply';
import type { Simulation } from './simulation';
import { issueUserTokens } from './userTokens';
import { tokenError } from './tokenError';
import type { DeviceAnswer, DeviceSignIn, Tenant } from './world';

// identity-platform v2-oauth2-device-code: the user has 15 minutes by default.
const LIFETIME_SECONDS = 900;
// Letters that are not taken for one another.
const LETTERS = 'BCDFGHJKLMNPQRSTVWXZ';

/** The grant types of a device code: the documented one, and the older name that MSAL still sends. */
export const deviceCodeGrants: readonly (string | null)[] = [
  'urn:ietf:params:oauth:grant-type:device_code',
  'device_code',
];

/** The answers a control call or the page can give. */
export const deviceAnswers: readonly DeviceAnswer[] = ['printerAdministrator', 'user', 'decline'];

/** Begins a sign-in by device code (identity-platform v2-oauth2-device-code, device authorization request). */
export function startDeviceSignIn(simulation: Simulation, tenant: Tenant, form: URLSearchParams): Reply {
  const clientId = form.get('client_id') ?? '';
  const scopes = (form.get('scope') ?? '').split(' ').filter((scope) => scope !== '');
  if (clientId === '')
    return tokenError(simulation, 400, 'invalid_request', 900144, "The body must contain 'client_id'.");
  if (scopes.length === 0)
    return tokenError(simulation, 400, 'invalid_request', 900144, "The body must contain 'scope'.");
  const { deviceCodeAnswer, deviceCodeIntervalSeconds } = simulation.variants;
  const signIn: DeviceSignIn = {
    deviceCode: randomBytes(32).toString('base64url'),
    userCode: Array.from({ length: 9 }, () => LETTERS[randomInt(LETTERS.length)]).join(''),
    tenantId: tenant.id,
    clientId,
    scopes,
    expiresAt: simulation.now() + LIFETIME_SECONDS * 1000,
    answer: deviceCodeAnswer === 'wait' ? undefined : deviceCodeAnswer,
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
      expires_in: LIFETIME_SECONDS,
      interval: deviceCodeIntervalSeconds,
      message: `To sign in, use a web browser to open the page ${verificationUri} and enter the code ${signIn.userCode} to authenticate.`,
    },
  };
}

/** Answers one poll of the token endpoint (identity-platform v2-oauth2-device-code, expected errors). */
export async function redeemDeviceCode(
  simulation: Simulation,
  tenant: Tenant,
  form: URLSearchParams,
): Promise<Reply> {
  const refuse = (status: number, error: string, number: number, text: string) =>
    tokenError(simulation, status, error, number, text);
  const { deviceCodes } = simulation.world;
  const signIn = deviceCodes.get(form.get('device_code') ?? '');
  if (!signIn || signIn.tenantId !== tenant.id || signIn.clientId !== form.get('client_id'))
    return refuse(400, 'bad_verification_code', 70018, 'The verification code is not valid.');
  if (!simulation.variants.publicClientAllowed)
    return refuse(
      401,
      'invalid_client',
      7000218,
      "The request body must contain the following parameter: 'client_assertion' or 'client_secret'.",
    );
  if (signIn.expiresAt <= simulation.now())
    return refuse(400, 'expired_token', 70019, 'The verification code has expired.');
  if (signIn.answer === undefined)
    return refuse(400, 'authorization_pending', 70016, 'The user has not yet signed in.');
  deviceCodes.delete(signIn.deviceCode);
  if (signIn.answer === 'decline')
    return refuse(400, 'authorization_declined', 65004, 'The user declined the sign-in.');
  const isPrinterAdministrator = signIn.answer === 'printerAdministrator';
  return issueUserTokens(simulation, { ...signIn, isPrinterAdministrator });
}

/** Enters a user code as somebody; gives the sign-in, or undefined when the code is not waiting. */
export function answerDeviceCode(
  simulation: Simulation,
  userCode: string,
  answer: DeviceAnswer,
): DeviceSignIn | undefined {
  const wanted = userCode.trim().toUpperCase();
  const waiting = [...simulation.world.deviceCodes.values()].find(
    (signIn) =>
      signIn.userCode === wanted && signIn.answer === undefined && signIn.expiresAt > simulation.now(),
  );
  if (waiting) waiting.answer = answer;
  return waiting;
}
