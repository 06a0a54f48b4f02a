import { createHash, randomBytes } from 'node:crypto';
import { signInAnswers } from '../control/controlTypes';
import type { Reply } from '../http/server';
import type { AuthorizationCode, Simulation, Tenant } from '../world/simulation';
import { issueUserTokens, missingParameter, otherTenantsUser, scopesOf, SignInRefusal } from './userSignIn';

// identity-platform v2-oauth2-auth-code-flow: codes typically expire after about 10 minutes.
const CODE_LIFETIME_MS = 10 * 60_000;

/**
 * Answers the address that the app opens in a browser (identity-platform v2-oauth2-auth-code-flow, "Request an authorization
 * code"). Without `as` it is a page, whose links are the same address with the answer of the user:
 * `&as=printerAdministrator|user|decline`. With it, the browser is sent back to the redirect_uri.
 */
export function answerAuthorize(simulation: Simulation, tenant: Tenant, query: URLSearchParams): Reply {
  const clientId = query.get('client_id') ?? '';
  if (clientId === '') throw missingParameter('client_id');
  const redirectUri = query.get('redirect_uri') ?? '';
  // Without a registered address there is nowhere to go back to: the error stays on the page.
  if (!simulation.variants.nativeRedirect || !isNativeRedirect(redirectUri)) {
    const said = `The redirect URI '${redirectUri}' specified in the request does not match the redirect URIs configured for the application '${clientId}'.`;
    throw new SignInRefusal(400, 'invalid_request', 50011, said);
  }
  const sendBack = (parameters: Record<string, string>) => redirect(redirectUri, parameters, query.get('state'));
  const refuse = (error: string, number: number, message: string) =>
    sendBack({ error, error_description: `AADSTS${number}: ${message}` });

  const scopes = scopesOf(query);
  if (scopes.length === 0) return refuse('invalid_request', 900144, "The request must contain 'scope'.");
  if (query.get('response_type') !== 'code')
    return refuse('unsupported_response_type', 70005, 'The response type is not supported.');
  if ((query.get('response_mode') ?? 'query') !== 'query')
    return refuse('invalid_request', 70007, 'The response mode is not supported.');
  const challenge = challengeOf(query);
  if (challenge === undefined)
    return refuse('invalid_request', 501491, 'Invalid size or method of the code_challenge parameter.');

  const answer = query.get('as');
  if (answer === null) return signInPage(query);
  if (!signInAnswers.some((name) => name === answer)) throw missingParameter('as');
  if (answer === 'otherTenant') throw otherTenantsUser(tenant.id, clientId);
  if (answer === 'decline') return refuse('access_denied', 65004, 'User declined to consent to access the app.');
  const code = randomBytes(32).toString('base64url');
  simulation.world.authorizationCodes.set(code, {
    ...{ tenantId: tenant.id, clientId, redirectUri, scopes, challenge },
    nonce: query.get('nonce'),
    isPrinterAdministrator: answer === 'printerAdministrator',
    expiresAt: simulation.now() + CODE_LIFETIME_MS,
    isRedeemed: false,
  });
  return sendBack({ code });
}

/** Answers the token endpoint (the same page, "Redeem a code for an access token"). A code is good for one call. */
export function redeemAuthorizationCode(simulation: Simulation, tenant: Tenant, form: URLSearchParams): Promise<Reply> {
  const value = (name: string) => {
    const text = form.get(name) ?? '';
    if (text === '') throw missingParameter(name);
    return text;
  };
  const invalid = (number: number, message: string) => new SignInRefusal(400, 'invalid_grant', number, message);
  const [clientId, redirectUri] = [value('client_id'), value('redirect_uri')];
  if (form.has('client_secret') || form.has('client_assertion'))
    throw new SignInRefusal(401, 'invalid_client', 700025, 'Client is public, so no credential should be presented.');
  const found = simulation.world.authorizationCodes.get(value('code'));
  if (!found || found.tenantId !== tenant.id || found.clientId !== clientId || found.redirectUri !== redirectUri)
    throw invalid(70000, 'The authorization code is not valid.');
  if (found.isRedeemed) throw invalid(54005, 'OAuth2 Authorization code was already redeemed.');
  if (found.expiresAt <= simulation.now()) throw invalid(70008, 'The authorization code has expired.');
  found.isRedeemed = true;
  if (!verifies(found.challenge, form.get('code_verifier') ?? ''))
    throw invalid(501481, 'The Code_Verifier does not match the code_challenge supplied in the authorization request.');
  return issueUserTokens(simulation, found);
}

/**
 * Whether the address is `http://localhost` of the platform "Mobile and desktop applications", with any port
 * (identity-platform reply-url, "Localhost exceptions"). 127.0.0.1 is another address, which is not registered.
 */
function isNativeRedirect(address: string): boolean {
  if (!URL.canParse(address)) return false;
  const { protocol, hostname, pathname, search, hash } = new URL(address);
  return protocol === 'http:' && hostname === 'localhost' && pathname === '/' && search === '' && hash === '';
}

function redirect(redirectUri: string, parameters: Record<string, string>, state: string | null): Reply {
  const target = new URL(redirectUri);
  target.search = new URLSearchParams({ ...parameters, ...(state === null ? {} : { state }) }).toString();
  return { status: 302, headers: { location: target.href } };
}

/** The challenge of the request: null for none, undefined for one of a wrong form (RFC 7636, 4.2 and 4.3). */
function challengeOf(query: URLSearchParams): AuthorizationCode['challenge'] | undefined {
  const [text, method] = [query.get('code_challenge'), query.get('code_challenge_method') ?? 'plain'];
  if (text === null) return query.has('code_challenge_method') ? undefined : null;
  if (method !== 'S256' && method !== 'plain') return undefined;
  return /^[A-Za-z0-9._~-]{43,128}$/.test(text) ? { text, method } : undefined;
}

/** RFC 7636, 4.6. */
function verifies(challenge: AuthorizationCode['challenge'], verifier: string): boolean {
  if (challenge === null) return true;
  if (challenge.method === 'plain') return verifier === challenge.text;
  return createHash('sha256').update(verifier).digest('base64url') === challenge.text;
}

/** Stands in for the pages on which a person chooses an account. */
function signInPage(query: URLSearchParams): Reply {
  const labels = {
    printerAdministrator: 'a Printer Administrator',
    user: 'another user',
    otherTenant: 'a user of another tenant',
  };
  const link = (answer: string, label: string) => {
    const address = new URLSearchParams([...query, ['as', answer]]).toString().replaceAll('&', '&amp;');
    return `<p><a href="?${address}">${label}</a></p>`;
  };
  const links = signInAnswers.map((answer) =>
    link(answer, answer === 'decline' ? 'Cancel' : `Sign in as ${labels[answer]}`),
  );
  const body = `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Sign in</title></head><body><h1>Sign in</h1>${links.join('')}</body></html>`;
  return { status: 200, headers: { 'content-type': 'text/html; charset=utf-8' }, body };
}
