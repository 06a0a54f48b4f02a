import { randomBytes, randomInt, randomUUID } from 'node:crypto';
import { signInAnswers, type SignInAnswer } from '../control/controlTypes';
import { Refusal } from '../http/readRequest';
import type { Reply } from '../http/server';
import type { DeviceSignIn, Simulation, Tenant } from '../world/simulation';
import { LIFETIME_SECONDS, lifetimeFrom } from './keys';
import { printerAdministratorRole } from './permissions';

// identity-platform v2-oauth2-device-code: the user has 15 minutes by default.
const CODE_LIFETIME_SECONDS = 900;
// Letters that are not taken for one another.
const LETTERS = 'BCDFGHJKLMNPQRSTVWXZ';
const openIdScopes = new Set(['openid', 'profile', 'email', 'offline_access']);

/** A refusal of the sign-in service: its OAuth error and AADSTS number (identity-platform reference-error-codes). */
export class SignInRefusal extends Refusal {
  constructor(
    status: number,
    error: string,
    readonly number: number,
    message: string,
  ) {
    super(status, error, message);
  }
}

/** Starts a sign-in by device code (identity-platform v2-oauth2-device-code, device authorization request). */
export function startDeviceSignIn(simulation: Simulation, tenant: Tenant, form: URLSearchParams): Reply {
  const clientId = form.get('client_id') ?? '';
  const scopes = scopesOf(form);
  if (clientId === '') throw missingParameter('client_id');
  if (scopes.length === 0) throw missingParameter('scope');
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

/** The scopes of a request. */
export function scopesOf(parameters: URLSearchParams): string[] {
  return (parameters.get('scope') ?? '').split(' ').filter((word) => word !== '');
}

/** The refusal of a form without a required parameter. */
export function missingParameter(name: string): SignInRefusal {
  return new SignInRefusal(400, 'invalid_request', 900144, `The request must contain '${name}'.`);
}

/**
 * The refusal of an account of another tenant (reference-error-codes). Entra shows it on its page and sends nothing to the app: a
 * person may choose another account.
 */
export function otherTenantsUser(tenantId: string, clientId: string): SignInRefusal {
  const account = "User account 'user@elsewhere.example' from identity provider 'https://sts.windows.net/'";
  const said = `${account} does not exist in tenant '${tenantId}' and cannot access the application '${clientId}' in that tenant.`;
  return new SignInRefusal(400, 'invalid_request', 50020, said);
}

/** Enters a user code. False when no sign-in waits for it. */
export function answerDeviceCode({ world, now }: Simulation, userCode: string, answer: SignInAnswer): boolean {
  const wanted = userCode.trim().toUpperCase();
  const waiting = [...world.deviceCodes.values()].find(
    (signIn) => signIn.userCode === wanted && signIn.answer === undefined && signIn.expiresAt > now(),
  );
  // The code still waits for an account of the tenant.
  if (waiting && answer !== 'otherTenant') waiting.answer = answer;
  return waiting !== undefined;
}

/** The page behind `verification_uri`: `?user_code=…&as=printerAdministrator|user|decline` enters the code. */
export function answerDeviceLogin(simulation: Simulation, query: URLSearchParams): Reply {
  const page = (status: number, body: string): Reply => ({ status, headers: { 'content-type': 'text/plain' }, body });
  const userCode = query.get('user_code');
  const answer = signInAnswers.find((name) => name === (query.get('as') ?? 'printerAdministrator'));
  if (userCode === null || !answer) return page(400, `Add ?user_code=<code>&as=${signInAnswers.join('|')} to the URL.`);
  if (!answerDeviceCode(simulation, userCode, answer)) return page(404, 'No sign-in is waiting for this code.');
  if (answer === 'otherTenant') {
    const found = [...simulation.world.deviceCodes.values()].find(
      (one) => one.userCode === userCode.trim().toUpperCase(),
    );
    const { number, message } = otherTenantsUser(found?.tenantId ?? '', found?.clientId ?? '');
    return page(400, `AADSTS${number}: ${message}`);
  }
  return page(200, answer === 'decline' ? 'Declined.' : 'Signed in. You can close this page.');
}

/** Answers one poll of the token endpoint (identity-platform v2-oauth2-device-code, expected errors). */
export async function redeemDeviceCode(simulation: Simulation, tenant: Tenant, form: URLSearchParams): Promise<Reply> {
  const { deviceCodes } = simulation.world;
  const signIn = deviceCodes.get(form.get('device_code') ?? '');
  if (!signIn || signIn.tenantId !== tenant.id || signIn.clientId !== form.get('client_id'))
    throw new SignInRefusal(400, 'bad_verification_code', 70018, 'The verification code is not valid.');
  if (signIn.expiresAt <= simulation.now())
    throw new SignInRefusal(400, 'expired_token', 70019, 'The verification code has expired.');
  if (signIn.answer === undefined)
    throw new SignInRefusal(400, 'authorization_pending', 70016, 'The user has not yet signed in.');
  deviceCodes.delete(signIn.deviceCode);
  if (signIn.answer === 'decline')
    throw new SignInRefusal(400, 'authorization_declined', 65004, 'The user declined the sign-in.');
  const { deviceCodeFlow } = simulation.variants;
  if (deviceCodeFlow === 'blocked')
    throw new SignInRefusal(400, 'invalid_grant', 53003, 'Access has been blocked by Conditional Access policies.');
  if (deviceCodeFlow === 'notAllowed')
    throw new SignInRefusal(401, 'invalid_client', 7000218, 'The request must contain a credential of the client.');
  return issueUserTokens(simulation, { ...signIn, isPrinterAdministrator: signIn.answer === 'printerAdministrator' });
}

/** Claims of an access token of a signed-in user. */
export function userClaims(
  { now }: Simulation,
  user: { tenantId: string; appId: string; scopes: string; isPrinterAdministrator: boolean },
) {
  return {
    aud: 'https://graph.microsoft.com',
    iss: `https://sts.windows.net/${user.tenantId}/`,
    tid: user.tenantId,
    appid: user.appId,
    scp: user.scopes,
    wids: user.isPrinterAdministrator ? [printerAdministratorRole] : [],
    ...lifetimeFrom(now()),
    ver: '1.0',
  };
}

/** A person who has signed in, and for what. */
interface SignedIn {
  tenantId: string;
  clientId: string;
  scopes: string[];
  isPrinterAdministrator: boolean;
  /** Of the request; the id_token repeats it (identity-platform v2-protocols-oidc). */
  nonce?: string | null;
}

/** The tokens of a person, as the token endpoint answers them. */
export async function issueUserTokens(simulation: Simulation, signedIn: SignedIn): Promise<Reply> {
  const { tenantId, clientId: appId, scopes, isPrinterAdministrator, nonce = null } = signedIn;
  const asked = scopes.filter((name) => !openIdScopes.has(name));
  // Scopes without their resource: `https://graph.microsoft.com/Printer.Read.All` is `Printer.Read.All`.
  const names = asked.map((scope) => scope.slice(scope.lastIndexOf('/') + 1));
  const user = { tenantId, appId, scopes: names.join(' '), isPrinterAdministrator };
  const objectId = randomUUID();
  const ids = { oid: objectId, sub: objectId };
  return {
    status: 200,
    body: {
      token_type: 'Bearer',
      // The requested form is returned too, by which clients find the token in their cache.
      scope: [...new Set([...asked, ...names])].join(' '),
      expires_in: LIFETIME_SECONDS,
      ext_expires_in: LIFETIME_SECONDS,
      access_token: await simulation.keys.sign({ ...userClaims(simulation, user), ...ids }),
      id_token: await simulation.keys.sign({
        ...{ aud: appId, iss: `${simulation.authorityUrl}/${tenantId}/v2.0`, tid: tenantId, ver: '2.0' },
        ...{ ...lifetimeFrom(simulation.now()), ...ids, preferred_username: `user@${tenantId}.example` },
        ...(nonce === null ? {} : { nonce }),
      }),
      client_info: Buffer.from(JSON.stringify({ uid: objectId, utid: tenantId })).toString('base64url'),
    },
  };
}
