import { randomUUID } from 'node:crypto';
import type { RequestListener } from 'node:http';
import { performOrFail } from '../faults/performOrFail';
import { createRouter, refusalOf, type Refusal } from '../http/readRequest';
import { createListener, type Reply } from '../http/server';
import type { Simulation, Tenant } from '../world/simulation';
import { answerAuthorize, redeemAuthorizationCode } from './authorizationCode';
import { LIFETIME_SECONDS, lifetimeFrom } from './keys';
import { allRoles } from './permissions';
import { missingParameter, redeemDeviceCode, SignInRefusal, startDeviceSignIn } from './userSignIn';

/** `form` is the query of a GET or the form of a POST. Metadata and keys exist for any tenantId, also for `common`. */
type Handle = (simulation: Simulation, tenantId: string, form: URLSearchParams) => Reply | Promise<Reply>;

const findRoute = createRouter<{ call: string; handle: Handle }>([
  { call: 'GET /{tenant}/discovery/v2.0/keys', handle: ({ keys }) => ({ status: 200, body: keys.jwks }) },
  { call: 'GET /{tenant}/discovery/keys', handle: ({ keys }) => ({ status: 200, body: keys.jwks }) },
  { call: 'GET /{tenant}/v2.0/.well-known/openid-configuration', handle: answerMetadata },
  { call: 'GET /{tenant}/adminconsent', handle: answerAdminConsent },
  {
    call: 'GET /{tenant}/oauth2/v2.0/authorize',
    handle: (simulation, tenantId, query) => answerAuthorize(simulation, tenantOf(simulation, tenantId), query),
  },
  {
    call: 'POST /{tenant}/oauth2/v2.0/devicecode',
    handle: (simulation, tenantId, form) => startDeviceSignIn(simulation, tenantOf(simulation, tenantId), form),
  },
  { call: 'POST /{tenant}/oauth2/v2.0/token', handle: issueToken },
]);

/** The grant types of a device code: the documented one, and the older name that MSAL still sends. */
const deviceCodeGrants = ['urn:ietf:params:oauth:grant-type:device_code', 'device_code'];

/** Listens as the sign-in service: metadata, keys, admin consent, sign-in by browser and by device code, tokens. */
export function createAuthorityListener(simulation: Simulation): RequestListener {
  const { calls } = simulation;
  return createListener(async ({ method, url, text }) => {
    const { pathname: path } = url;
    const form = method === 'GET' ? url.searchParams : new URLSearchParams(text);
    const tenantId = path.split('/')[1]?.toLowerCase() ?? '';
    const route = path.replace(/^\/[^/]+/, '/{tenant}');
    const record = calls.start({ target: 'token', method, path, route, tenantId, appId: form.get('client_id') ?? '' });
    const reply = await performOrFail(simulation, record, async () => {
      const found = findRoute(method, path);
      return found ? found.route.handle(simulation, tenantId, form) : { status: 404 };
    }).catch((error: unknown) => authorityError(simulation, refusalOf(error)));
    return { reply, onSent: () => calls.finish(record, reply) };
  });
}

/** An error in the shape of the sign-in service (identity-platform reference-error-codes). */
function authorityError({ authorityUrl, now }: Simulation, refusal: Refusal): Reply {
  const { status, code: error, message, headers } = refusal;
  if (!(refusal instanceof SignInRefusal)) return { status, headers, body: { error } };
  const { number } = refusal;
  const [traceId, correlationId] = [randomUUID(), randomUUID()];
  const timestamp = `${new Date(now()).toISOString().slice(0, 19).replace('T', ' ')}Z`;
  const ids = `Trace ID: ${traceId} Correlation ID: ${correlationId} Timestamp: ${timestamp}`;
  const body = {
    error,
    error_description: `AADSTS${number}: ${message} ${ids}`,
    error_codes: [number],
    timestamp,
    trace_id: traceId,
    correlation_id: correlationId,
    error_uri: `${authorityUrl}/error?code=${number}`,
  };
  return { status, body };
}

function tenantOf({ world }: Simulation, tenantId: string): Tenant {
  const tenant = world.tenants.get(tenantId);
  if (tenant) return tenant;
  throw new SignInRefusal(400, 'invalid_request', 90002, `Tenant '${tenantId}' not found.`);
}

function answerMetadata({ authorityUrl }: Simulation, tenantId: string): Reply {
  const base = `${authorityUrl}/${tenantId}`;
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
function answerAdminConsent(simulation: Simulation, tenantId: string, query: URLSearchParams): Reply {
  const tenant = tenantOf(simulation, tenantId);
  if ((query.get('client_id') ?? '') === '') throw missingParameter('client_id');
  const redirectUri = query.get('redirect_uri') ?? '';
  if (!URL.canParse(redirectUri)) throw new SignInRefusal(400, 'invalid_request', 900971, 'No reply address provided.');
  const target = new URL(redirectUri);
  tenant.roles = new Set(allRoles);
  tenant.consentRevoked = false;
  target.searchParams.set('tenant', tenant.id);
  target.searchParams.set('admin_consent', 'True');
  const state = query.get('state');
  if (state !== null) target.searchParams.set('state', state);
  return { status: 302, headers: { location: target.href } };
}

/** Answers the token endpoint (identity-platform v2-oauth2-client-creds-grant-flow, v2-oauth2-device-code, -auth-code-flow). */
async function issueToken(simulation: Simulation, tenantId: string, form: URLSearchParams): Promise<Reply> {
  const tenant = tenantOf(simulation, tenantId);
  const grant = form.get('grant_type') ?? '';
  if (deviceCodeGrants.includes(grant)) return redeemDeviceCode(simulation, tenant, form);
  if (grant === 'authorization_code') return redeemAuthorizationCode(simulation, tenant, form);
  if (grant !== 'client_credentials')
    throw new SignInRefusal(400, 'unsupported_grant_type', 70003, 'The app requested an unsupported grant type.');
  const appid = form.get('client_id') ?? '';
  if (appid === '') throw missingParameter('client_id');
  const scope = form.get('scope') ?? '';
  if (!scope.endsWith('/.default'))
    throw new SignInRefusal(400, 'invalid_scope', 1002012, `The provided value for scope ${scope} is not valid.`);
  // No credential is registered, so any secret or assertion is accepted (a departure, see README.md).
  if (!form.get('client_secret') && !form.get('client_assertion'))
    throw new SignInRefusal(401, 'invalid_client', 7000215, 'Invalid client secret provided.');
  // The customer removed the app: its service principal is gone (reference-error-codes).
  const noApp = `Application with identifier '${appid}' was not found in the directory '${tenantId}'.`;
  if (tenant.consentRevoked) throw new SignInRefusal(400, 'unauthorized_client', 700016, noApp);
  const accessToken = await simulation.keys.sign({
    aud: scope.slice(0, -'/.default'.length),
    iss: `https://sts.windows.net/${tenantId}/`,
    ...lifetimeFrom(simulation.now()),
    appid,
    roles: [...tenant.roles],
    tid: tenantId,
    ver: '1.0',
  });
  const lifetime = { expires_in: LIFETIME_SECONDS, ext_expires_in: LIFETIME_SECONDS };
  return { status: 200, body: { token_type: 'Bearer', ...lifetime, access_token: accessToken } };
}
