import type { RequestListener } from 'node:http';
import { decodeJwt } from 'jose';
import type { CallReport } from '../faults/callReport';
import { performOrFail, type FaultRules } from '../faults/faults';
import { createRouter } from '../http/readRequest';
import { createListener, type Reply } from '../http/server';
import type { Simulation, Tenant } from '../world/simulation';
import { allRoles } from './permissions';
import { authorityError, deviceCodeGrants, LIFETIME_SECONDS } from './userSignIn';
import { redeemDeviceCode, refreshUserTokens, startDeviceSignIn } from './userSignIn';

interface AuthorityCall {
  simulation: Simulation;
  tenantId: string;
  query: URLSearchParams;
  form: URLSearchParams;
}

interface AuthorityRoute {
  method: 'GET' | 'POST';
  path: string;
  handle: (call: AuthorityCall) => Reply | Promise<Reply>;
}

const keys: AuthorityRoute['handle'] = ({ simulation }) => ({ status: 200, body: simulation.keys.jwks });

const findRoute = createRouter<AuthorityRoute>([
  { method: 'GET', path: '/{tenant}/discovery/v2.0/keys', handle: keys },
  { method: 'GET', path: '/{tenant}/discovery/keys', handle: keys },
  {
    method: 'GET',
    path: '/{tenant}/v2.0/.well-known/openid-configuration',
    handle: (call) => metadata(call, '/v2.0'),
  },
  { method: 'GET', path: '/{tenant}/.well-known/openid-configuration', handle: (call) => metadata(call, '') },
  { method: 'GET', path: '/{tenant}/adminconsent', handle: answerAdminConsent },
  { method: 'GET', path: '/{tenant}/v2.0/adminconsent', handle: answerAdminConsent },
  { method: 'POST', path: '/{tenant}/oauth2/v2.0/devicecode', handle: withTenant(startDeviceSignIn) },
  { method: 'POST', path: '/{tenant}/oauth2/v2.0/token', handle: withTenant(issueToken) },
]);

/** Listens as the sign-in service: metadata, keys, admin consent, device codes and tokens. */
export function createAuthorityListener(deps: {
  simulation: Simulation;
  faults: FaultRules;
  calls: CallReport;
}): RequestListener {
  const { simulation, calls } = deps;
  return createListener(async ({ method, url, text, connectionId }) => {
    const form = new URLSearchParams(text);
    const tenantId = url.pathname.split('/')[1]?.toLowerCase() ?? '';
    const record = calls.start({
      target: 'token',
      method,
      path: url.pathname,
      route: url.pathname.replace(/^\/[^/]+/, '/{tenant}'),
      connectionId,
      tenantId,
      appId: form.get('client_id') ?? '',
    });
    const refuse = (status: number, _message: string, code = 'temporarily_unavailable'): Reply => ({
      status,
      body: { error: code },
    });
    const found = findRoute(method, url.pathname);
    const reply = await performOrFail(deps, record, refuse, async () =>
      found ? await found.route.handle({ simulation, tenantId, query: url.searchParams, form }) : { status: 404 },
    );
    return { reply, onSent: () => calls.finish(record, reply) };
  });
}

function withTenant(
  answer: (simulation: Simulation, tenant: Tenant, form: URLSearchParams) => Reply | Promise<Reply>,
): AuthorityRoute['handle'] {
  return ({ simulation, tenantId, form }) => {
    const tenant = simulation.world.tenants.get(tenantId);
    return tenant ? answer(simulation, tenant, form) : unknownTenant(simulation, tenantId);
  };
}

function unknownTenant(simulation: Simulation, tenantId: string): Reply {
  return authorityError(simulation, 400, 'invalid_request', 90002, `Tenant '${tenantId}' not found.`);
}

function metadata({ simulation, tenantId }: AuthorityCall, version: '' | '/v2.0'): Reply {
  const base = `${simulation.authorityUrl}/${tenantId}`;
  const body = {
    token_endpoint: `${base}/oauth2${version}/token`,
    token_endpoint_auth_methods_supported: ['client_secret_post', 'private_key_jwt'],
    jwks_uri: `${base}/discovery${version}/keys`,
    issuer: version === '' ? `https://sts.windows.net/${tenantId}/` : `${base}/v2.0`,
    authorization_endpoint: `${base}/oauth2${version}/authorize`,
    device_authorization_endpoint: `${base}/oauth2${version}/devicecode`,
    end_session_endpoint: `${base}/oauth2${version}/logout`,
    response_types_supported: ['code', 'id_token'],
    subject_types_supported: ['pairwise'],
    id_token_signing_alg_values_supported: ['RS256'],
    scopes_supported: ['openid', 'profile', 'email', 'offline_access'],
  };
  return { status: 200, body };
}

/**
 * Answers the admin-consent link by sending the browser back to its redirect_uri (concepts/auth-v2-service.md). The
 * administrator consents or declines at once, by variant; consent grants every role of the registration.
 */
function answerAdminConsent({ simulation, tenantId, query }: AuthorityCall): Reply {
  const refuse = (number: number, text: string) => authorityError(simulation, 400, 'invalid_request', number, text);
  const tenant = simulation.world.tenants.get(tenantId);
  if (!tenant) return unknownTenant(simulation, tenantId);
  if ((query.get('client_id') ?? '') === '') return refuse(900144, "The request must contain 'client_id'.");
  const redirectUri = query.get('redirect_uri') ?? '';
  if (!URL.canParse(redirectUri)) return refuse(900971, 'No reply address provided.');
  const target = new URL(redirectUri);
  if (simulation.variants.adminConsent === 'deny') {
    target.searchParams.set('error', 'access_denied');
    target.searchParams.set('error_description', 'AADSTS65004: User declined to consent to access the app.');
  } else {
    tenant.roles = new Set(allRoles);
    tenant.consentRevoked = false;
    target.searchParams.set('tenant', tenant.id);
    target.searchParams.set('admin_consent', 'True');
    const scope = query.get('scope');
    if (scope !== null) target.searchParams.set('scope', scope);
  }
  const state = query.get('state');
  if (state !== null) target.searchParams.set('state', state);
  return { status: 302, headers: { location: target.href } };
}

/** Answers the token endpoint (identity-platform v2-oauth2-client-creds-grant-flow, v2-oauth2-device-code). */
async function issueToken(simulation: Simulation, tenant: Tenant, form: URLSearchParams): Promise<Reply> {
  const refuse = (status: number, error: string, number: number, text: string) =>
    authorityError(simulation, status, error, number, text);
  const grant = form.get('grant_type');
  if (deviceCodeGrants.includes(grant)) return redeemDeviceCode(simulation, tenant, form);
  if (grant === 'refresh_token') return refreshUserTokens(simulation, tenant, form);
  if (grant !== 'client_credentials')
    return refuse(400, 'unsupported_grant_type', 70003, 'The app requested an unsupported grant type.');
  const clientId = form.get('client_id') ?? '';
  if (clientId === '') return refuse(400, 'invalid_request', 900144, "The body must contain 'client_id'.");
  const scope = form.get('scope') ?? '';
  if (!scope.endsWith('/.default'))
    return refuse(400, 'invalid_scope', 1002012, `The provided value for scope ${scope} is not valid.`);
  if (!provesClient(simulation, form, clientId))
    return refuse(401, 'invalid_client', 7000215, 'Invalid client secret provided.');
  // The customer removed the app: its service principal is gone (reference-error-codes).
  if (tenant.consentRevoked)
    return refuse(
      400,
      'unauthorized_client',
      700016,
      `Application with identifier '${clientId}' was not found in the directory '${tenant.id}'.`,
    );
  const seconds = Math.floor(simulation.now() / 1000);
  const accessToken = await simulation.keys.sign({
    aud: scope.slice(0, -'/.default'.length),
    iss: `https://sts.windows.net/${tenant.id}/`,
    iat: seconds,
    nbf: seconds,
    exp: seconds + LIFETIME_SECONDS,
    appid: clientId,
    roles: [...tenant.roles],
    tid: tenant.id,
    ver: '1.0',
  });
  return {
    status: 200,
    headers: { 'cache-control': 'no-store' },
    body: {
      token_type: 'Bearer',
      expires_in: LIFETIME_SECONDS,
      ext_expires_in: LIFETIME_SECONDS,
      access_token: accessToken,
    },
  };
}

function provesClient(simulation: Simulation, form: URLSearchParams, clientId: string): boolean {
  const assertion = form.get('client_assertion');
  if (assertion === null) {
    const secret = form.get('client_secret') ?? '';
    return simulation.clientSecret === undefined ? secret !== '' : secret === simulation.clientSecret;
  }
  // No certificate is registered, so only the claims are checked (a departure, see README.md).
  try {
    const { iss, sub, exp = 0 } = decodeJwt(assertion);
    return iss === clientId && sub === clientId && exp * 1000 > simulation.now();
  } catch {
    return false;
  }
}
