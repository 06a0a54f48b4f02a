import type { ClientSecretCredentialOptions, TokenCredential } from '@azure/identity';
import type { Config } from '../config';
import { ReceiverError } from '../errors';
import { untilAborted } from '../concurrency';

/**
 * An access token for Graph in a tenant. `fresh` forgets the one that is kept: a token holds the permissions of the
 * moment it was made, and those may have been granted since.
 */
export type GetToken = (tenantId: string, options?: { fresh?: boolean }) => Promise<string>;

/** The sign-in hosts of Microsoft's clouds; any other (a simulator, a proxy) cannot be discovered at Microsoft. */
export const KNOWN_AUTHORITIES = new Set([
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

type AdditionalPolicy = NonNullable<ClientSecretCredentialOptions['additionalPolicies']>[number];

interface SignIn {
  credential: Promise<TokenCredential>;
  /** Status of the sign-in host's last answer; undefined while a request is under way or when none was answered. */
  lastStatus: () => number | undefined;
}

/**
 * One credential of @azure/identity per tenant; each caches its token and renews it before it ends.
 *
 * @returns a function that rejects with ReceiverError `tokenRefused` or `tokenUnavailable`, within 15 seconds
 */
export function createGetToken(config: Config): GetToken {
  if (config.credential === 'development') return (tenantId) => Promise.resolve(`development.${tenantId}`);
  const scope = `${new URL(config.graphBaseUrl).origin}/.default`;
  const signIns = new Map<string, SignIn>();
  return async (tenantId, options) => {
    if (options?.fresh) signIns.delete(tenantId);
    let signIn = signIns.get(tenantId);
    if (!signIn) {
      signIn = createSignIn(config, tenantId);
      const oldest = signIns.size >= MOST_CREDENTIALS ? signIns.keys().next().value : undefined;
      if (oldest !== undefined) signIns.delete(oldest);
      signIns.set(tenantId, signIn);
    }
    try {
      const credential = await signIn.credential;
      // The credential sleeps through a Retry-After of the sign-in host without looking at the signal.
      const abortSignal = AbortSignal.timeout(TOKEN_TIMEOUT_MS);
      const token = await untilAborted(abortSignal, credential.getToken(scope, { abortSignal }));
      if (!token) throw new TypeError('The credential gave no token');
      return token.token;
    } catch (cause) {
      signIns.delete(tenantId);
      throw toTokenError(config, signIn.lastStatus(), cause);
    }
  };
}

function createSignIn(config: Config, tenantId: string): SignIn {
  let lastStatus: number | undefined;
  const watchStatus: AdditionalPolicy = {
    position: 'perRetry',
    policy: {
      name: 'watchStatus',
      sendRequest: async (request, next) => {
        lastStatus = undefined;
        const answer = await next(request);
        lastStatus = answer.status;
        return answer;
      },
    },
  };
  const options = {
    authorityHost: config.authorityHost,
    disableInstanceDiscovery: !KNOWN_AUTHORITIES.has(config.authorityHost),
    additionalPolicies: [watchStatus],
  };
  return { credential: createCredential(config, tenantId, options), lastStatus: () => lastStatus };
}

async function createCredential(
  config: Config,
  tenantId: string,
  options: ClientSecretCredentialOptions,
): Promise<TokenCredential> {
  const identity = await import('@azure/identity');
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

/**
 * Entra's refusals (400, 401) stay until somebody changes something; anything else may pass by itself. The status is
 * what the sign-in host answered: the errors of @azure/identity carry none, only texts.
 */
function toTokenError(config: Config, status: number | undefined, cause: unknown): ReceiverError {
  const refused = status === 400 || status === 401;
  const message = refused
    ? `Entra gave no token (${status}): check that the customer has consented and that the ${config.credential} credential of the app is right and has not expired`
    : `Entra gave no token: its sign-in host could not be asked; if this lasts, check ENTRA_AUTHORITY_HOST and the ${config.credential} credential of the app`;
  return new ReceiverError(refused ? 'tokenRefused' : 'tokenUnavailable', message, { cause });
}
