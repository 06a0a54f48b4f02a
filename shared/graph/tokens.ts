import type { TokenCredential } from '@azure/identity';
import type { Config } from '../config';
import { ReceiverError } from '../errors';

export type GetToken = (tenantId: string) => Promise<string>;

/** The sign-in hosts of Microsoft's clouds; any other (a simulator, a proxy) cannot be discovered at Microsoft. */
const KNOWN_AUTHORITIES = new Set([
  'https://login.microsoftonline.com',
  'https://login.microsoftonline.us',
  'https://login.chinacloudapi.cn',
  'https://login.partner.microsoftonline.cn',
]);

/** Beyond this many tenants the one that came first is asked anew: a bound on memory, far above one instance's tenants. */
const MOST_CREDENTIALS = 2_000;
const TOKEN_TIMEOUT_MS = 15_000;
/** Fixed by Entra for workload identity federation. */
const FEDERATION_SCOPE = 'api://AzureADTokenExchange/.default';

/** One credential of @azure/identity per tenant; each caches its token and renews it before it ends. */
export function createGetToken(config: Config): GetToken {
  if (config.credential === 'development') return (tenantId) => Promise.resolve(`development.${tenantId}`);
  const scope = `${new URL(config.graphBaseUrl).origin}/.default`;
  const credentials = new Map<string, Promise<TokenCredential>>();
  return async (tenantId) => {
    let credential = credentials.get(tenantId);
    if (!credential) {
      credential = createCredential(config, tenantId);
      const oldest = credentials.size >= MOST_CREDENTIALS ? credentials.keys().next().value : undefined;
      if (oldest !== undefined) credentials.delete(oldest);
      credentials.set(tenantId, credential);
    }
    try {
      const token = await (
        await credential
      ).getToken(scope, { abortSignal: AbortSignal.timeout(TOKEN_TIMEOUT_MS) });
      if (!token) throw new TypeError('The credential gave no token');
      return token.token;
    } catch (cause) {
      credentials.delete(tenantId);
      throw toTokenError(config, cause);
    }
  };
}

async function createCredential(config: Config, tenantId: string): Promise<TokenCredential> {
  const identity = await import('@azure/identity');
  const options = {
    authorityHost: config.authorityHost,
    disableInstanceDiscovery: !KNOWN_AUTHORITIES.has(config.authorityHost),
  };
  switch (config.credential) {
    case 'secret':
      return new identity.ClientSecretCredential(
        tenantId,
        config.clientId,
        config.clientSecret ?? '',
        options,
      );
    case 'certificate': {
      const certificate = { certificate: config.clientCertificate ?? '' };
      return new identity.ClientCertificateCredential(tenantId, config.clientId, certificate, options);
    }
    default: {
      const managed = new identity.ManagedIdentityCredential({
        clientId: config.managedIdentityClientId ?? '',
      });
      const getAssertion = async () => (await managed.getToken(FEDERATION_SCOPE)).token;
      return new identity.ClientAssertionCredential(tenantId, config.clientId, getAssertion, options);
    }
  }
}

/** Entra's refusals (400, 401) stay until somebody changes something; anything else may pass by itself. */
function toTokenError(config: Config, cause: unknown): ReceiverError {
  const status = cause instanceof Error && 'statusCode' in cause ? cause.statusCode : undefined;
  const refused = status === 400 || status === 401;
  const message = refused
    ? `Entra gave no token (${String(status)}): check that the customer has consented and that the ${config.credential} credential of the app is right and has not expired`
    : 'Entra gave no token: its sign-in host could not be asked';
  return new ReceiverError(message, { code: 'tokenFailed', retryable: !refused, cause });
}
