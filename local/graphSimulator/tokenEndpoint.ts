import { decodeJwt } from 'jose';
import type { JWTPayload } from 'jose';
import { answerAdminConsent } from './adminConsent';
import { deviceCodeGrants, redeemDeviceCode, startDeviceSignIn } from './deviceSignIn';
import type { Reply } from './reply';
import type { Simulation } from './simulation';
import { tokenError } from './tokenError';
import { refreshUserTokens } from './userTokens';

// identity-platform v2-oauth2-client-creds-grant-flow: expires_in of the sample answer.
const LIFETIME_SECONDS = 3599;

/** How the sign-in service checks apps. */
export interface TokenEndpointOptions {
  /** The only secret that is accepted; any non-empty one when absent. */
  clientSecret?: string;
}

/** Answers one call of the sign-in service: metadata, keys, consent, a device code or a token; undefined when the path is none of these. */
export async function answerAuthority(
  simulation: Simulation,
  options: TokenEndpointOptions,
  request: { method: string; path: string; query: URLSearchParams; form: URLSearchParams },
): Promise<Reply | undefined> {
  const segments = request.path.split('/').filter((segment) => segment !== '');
  const [tenant = '', ...rest] = segments.map((segment) => segment.toLowerCase());
  const tail = rest.join('/');
  if (request.method === 'GET') {
    if (tail === 'discovery/v2.0/keys' || tail === 'discovery/keys')
      return { status: 200, body: simulation.keys.jwks };
    if (tail === 'v2.0/.well-known/openid-configuration' || tail === '.well-known/openid-configuration')
      return { status: 200, body: metadata(simulation, tenant, tail.startsWith('v2.0')) };
    if (tail === 'adminconsent' || tail === 'v2.0/adminconsent')
      return answerAdminConsent(simulation, tenant, request.query);
  }
  if (request.method === 'POST' && tail === 'oauth2/v2.0/devicecode') {
    const known = simulation.world.tenants.get(tenant);
    return known ? startDeviceSignIn(simulation, known, request.form) : unknownTenant(simulation, tenant);
  }
  if (request.method === 'POST' && tail === 'oauth2/v2.0/token')
    return issueToken(simulation, options, tenant, request.form);
  return undefined;
}

function metadata(simulation: Simulation, tenant: string, v2: boolean): Record<string, unknown> {
  const base = `${simulation.authorityUrl}/${tenant}`;
  const version = v2 ? '/v2.0' : '';
  return {
    token_endpoint: `${base}/oauth2${version}/token`,
    token_endpoint_auth_methods_supported: ['client_secret_post', 'private_key_jwt'],
    jwks_uri: `${base}/discovery${version}/keys`,
    issuer: v2 ? `${base}/v2.0` : `https://sts.windows.net/${tenant}/`,
    authorization_endpoint: `${base}/oauth2${version}/authorize`,
    device_authorization_endpoint: `${base}/oauth2${version}/devicecode`,
    end_session_endpoint: `${base}/oauth2${version}/logout`,
    response_types_supported: ['code', 'id_token'],
    subject_types_supported: ['pairwise'],
    id_token_signing_alg_values_supported: ['RS256'],
    scopes_supported: ['openid', 'profile', 'email', 'offline_access'],
  };
}

async function issueToken(
  simulation: Simulation,
  options: TokenEndpointOptions,
  tenantId: string,
  form: URLSearchParams,
): Promise<Reply> {
  const refuse = (status: number, error: string, number: number, text: string) =>
    tokenError(simulation, status, error, number, text);
  const tenant = simulation.world.tenants.get(tenantId);
  if (!tenant) return unknownTenant(simulation, tenantId);
  if (deviceCodeGrants.includes(form.get('grant_type'))) return redeemDeviceCode(simulation, tenant, form);
  if (form.get('grant_type') === 'refresh_token') return refreshUserTokens(simulation, tenant.id, form);
  if (form.get('grant_type') !== 'client_credentials')
    return refuse(400, 'unsupported_grant_type', 70003, 'The app requested an unsupported grant type.');
  const clientId = form.get('client_id') ?? '';
  if (clientId === '') return refuse(400, 'invalid_request', 900144, "The body must contain 'client_id'.");
  const scope = form.get('scope') ?? '';
  if (!scope.endsWith('/.default'))
    return refuse(400, 'invalid_scope', 1002012, `The provided value for scope ${scope} is not valid.`);
  if (!clientIsKnown(simulation, options, form, clientId))
    return refuse(401, 'invalid_client', 7000215, 'Invalid client secret provided.');
  if (tenant.consentRevoked && simulation.variants.revokedToken !== 'withoutRoles')
    return refuseRevoked(simulation, clientId, tenant.id);
  const seconds = Math.floor(simulation.now() / 1000);
  const accessToken = await simulation.keys.sign({
    aud: scope.slice(0, -'/.default'.length),
    iss: `https://sts.windows.net/${tenant.id}/`,
    iat: seconds,
    nbf: seconds,
    exp: seconds + LIFETIME_SECONDS,
    appid: clientId,
    roles: tenant.consentRevoked ? [] : [...tenant.roles],
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

function clientIsKnown(
  simulation: Simulation,
  options: TokenEndpointOptions,
  form: URLSearchParams,
  clientId: string,
): boolean {
  const assertion = form.get('client_assertion');
  if (assertion !== null) {
    // The certificate is registered nowhere, so only the claims are checked (a departure, see README.md).
    const claims = readClaims(assertion);
    const alive = (claims?.exp ?? 0) * 1000 > simulation.now();
    return claims?.iss === clientId && claims.sub === clientId && alive;
  }
  const secret = form.get('client_secret') ?? '';
  return options.clientSecret === undefined ? secret !== '' : secret === options.clientSecret;
}

function readClaims(token: string): JWTPayload | undefined {
  try {
    return decodeJwt(token);
  } catch {
    return undefined;
  }
}

function unknownTenant(simulation: Simulation, tenantId: string): Reply {
  return tokenError(simulation, 400, 'invalid_request', 90002, `Tenant '${tenantId}' not found.`);
}

/** The customer removed the app (its service principal is gone) or took the consent back (reference-error-codes). */
function refuseRevoked(simulation: Simulation, clientId: string, tenantId: string): Reply {
  return simulation.variants.revokedToken === 'invalidGrant'
    ? tokenError(
        simulation,
        400,
        'invalid_grant',
        65001,
        `There is no consent to the application ${clientId}.`,
      )
    : tokenError(
        simulation,
        400,
        'unauthorized_client',
        700016,
        `Application with identifier '${clientId}' was not found in the directory '${tenantId}'.`,
      );
}
