import type { RequestListener } from 'node:http';
import type { ControlDeps } from '../control/controlServer';
import { performOrFail } from '../faults/faults';
import { createRouter } from '../http/readRequest';
import { createListener, type Reply } from '../http/server';
import type { Simulation, Tenant } from '../world/simulation';
import { allRoles } from './permissions';
import { authorityError, deviceCodeGrants, LIFETIME_SECONDS } from './userSignIn';
import { redeemDeviceCode, startDeviceSignIn } from './userSignIn';

interface AuthorityCall {
  simulation: Simulation;
  tenantId: string;
  /** The query of a GET, the form of a POST. */
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
  { method: 'GET', path: '/{tenant}/v2.0/.well-known/openid-configuration', handle: metadata },
  { method: 'GET', path: '/{tenant}/adminconsent', handle: withTenant(answerAdminConsent) },
  { method: 'POST', path: '/{tenant}/oauth2/v2.0/devicecode', handle: withTenant(startDeviceSignIn) },
  { method: 'POST', path: '/{tenant}/oauth2/v2.0/token', handle: withTenant(issueToken) },
]);

/** Listens as the sign-in service: metadata, keys, admin consent, device codes and tokens. */
export function createAuthorityListener(deps: Omit<ControlDeps, 'reset'>): RequestListener {
  const { simulation, calls } = deps;
  return createListener(async ({ method, url, text }) => {
    const form = method === 'GET' ? url.searchParams : new URLSearchParams(text);
    const tenantId = url.pathname.split('/')[1]?.toLowerCase() ?? '';
    const record = calls.start({
      target: 'token',
      method,
      path: url.pathname,
      route: url.pathname.replace(/^\/[^/]+/, '/{tenant}'),
      tenantId,
      appId: form.get('client_id') ?? '',
    });
    const refuse = (status: number, _message: string, error = 'temporarily_unavailable') => ({
      status,
      body: { error },
    });
    const found = findRoute(method, url.pathname);
    const reply = await performOrFail(deps, record, refuse, async () =>
      found ? await found.route.handle({ simulation, tenantId, form }) : { status: 404 },
    );
    return { reply, onSent: () => calls.finish(record, reply) };
  });
}

function withTenant(
  answer: (simulation: Simulation, tenant: Tenant, form: URLSearchParams) => Reply | Promise<Reply>,
): AuthorityRoute['handle'] {
  return ({ simulation, tenantId, form }) => {
    const tenant = simulation.world.tenants.get(tenantId);
    if (tenant) return answer(simulation, tenant, form);
    return authorityError(simulation, 400, 'invalid_request', 90002, `Tenant '${tenantId}' not found.`);
  };
}

function metadata({ simulation, tenantId }: AuthorityCall): Reply {
  const base = `${simulation.authorityUrl}/${tenantId}`;
  const body = {
    issuer: `${base}/v2.0`,
    jwks_uri: `${base}/discovery/v2.0/keys`,
    token_endpoint: `${base}/oauth2/v2.0/token`,
    authorization_endpoint: `${base}/oauth2/v2.0/authorize`,
    device_authorization_endpoint: `${base}/oauth2/v2.0/devicecode`,
    end_session_endpoint: `${base}/oauth2/v2.0/logout`,
  };
  return { status: 200, body };
}

/**
 * Answers the admin-consent link by sending the browser back to its redirect_uri (concepts/auth-v2-service.md). The
 * administrator consents at once, which grants every role of the registration.
 */
function answerAdminConsent(simulation: Simulation, tenant: Tenant, query: URLSearchParams): Reply {
  const refuse = (number: number, text: string) => authorityError(simulation, 400, 'invalid_request', number, text);
  if ((query.get('client_id') ?? '') === '') return refuse(900144, "The request must contain 'client_id'.");
  const redirectUri = query.get('redirect_uri') ?? '';
  if (!URL.canParse(redirectUri)) return refuse(900971, 'No reply address provided.');
  const target = new URL(redirectUri);
  tenant.roles = new Set(allRoles);
  tenant.consentRevoked = false;
  target.searchParams.set('tenant', tenant.id);
  target.searchParams.set('admin_consent', 'True');
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
  if (grant !== 'client_credentials')
    return refuse(400, 'unsupported_grant_type', 70003, 'The app requested an unsupported grant type.');
  const clientId = form.get('client_id') ?? '';
  if (clientId === '') return refuse(400, 'invalid_request', 900144, "The body must contain 'client_id'.");
  const scope = form.get('scope') ?? '';
  if (!scope.endsWith('/.default'))
    return refuse(400, 'invalid_scope', 1002012, `The provided value for scope ${scope} is not valid.`);
  // No credential is registered, so any secret or assertion is accepted (a departure, see README.md).
  if (!['client_secret', 'client_assertion'].some((name) => (form.get(name) ?? '') !== ''))
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
  const lifetime = { expires_in: LIFETIME_SECONDS, ext_expires_in: LIFETIME_SECONDS };
  return { status: 200, body: { token_type: 'Bearer', ...lifetime, access_token: accessToken } };
}
