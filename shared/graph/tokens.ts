import type { ClientSecretCredentialOptions } from '@azure/identity';
import { doublingMs, parseRetryAfter } from '../backoff';
import { createCache } from '../cache';
import type { Clock } from '../clock';
import { untilAborted } from '../concurrency';
import type { Config } from '../config';
import { ReceiverError } from '../errors';
import { readCertificateFile } from './certificateFile';
import { answerTime, GraphError, LONGEST_SILENCE_MS } from './errors';
import { describeRefusal, readEntraRefusal, refusalFields, type Refusal } from './refusals';

/** Access tokens for Graph, as the Graph client takes them. */
export interface Tokens {
  /** A token for this tenant. `fresh` asks Entra, whatever is cached. @throws ReceiverError `tokenRefused`, `tokenUnavailable` */
  get(tenantId: string, options?: { fresh: true }): Promise<string>;
  /** Graph answered a call with the token of this tenant with 401 or 403. */
  refused(tenantId: string): void;
}

/** Requests a token for Graph in a tenant. `fresh` ignores one that is cached. */
export type RequestToken = (tenantId: string, options: { fresh: boolean }) => Promise<string>;

/** Far above the tenants of one instance. Beyond it the tenant that was used least recently is requested again. */
const MOST_TENANTS = 2_000;
/** Short beside the minutes that a new consent takes, long beside the pace of the messages in a queue. */
const REFUSAL_KEPT_MS = 30_000;
const FRESH_EVERY_MS = 60_000;
const THROTTLED = { firstMs: 1_000, longestMs: 60_000 };

/**
 * Tokens over `request`, which is called as rarely as possible:
 * - Callers that need a token of a tenant at the same time share one request. @azure/identity would send one for each.
 * - For 30 seconds a refusal of Entra is the answer to every caller of the tenant. A withdrawn consent stays withdrawn
 *   until a person acts. Errors that may pass by themselves are not kept, unless Entra throttles.
 * - While Entra throttles a tenant, nothing is requested before its Retry-After, of which 15 minutes count. Where it asks for
 *   0 seconds again and again, the waits grow to a minute.
 * - The first call after a 401 or 403 of Graph takes a fresh token, at most once a minute. A token carries the permissions
 *   of the moment it was issued for about an hour, so a permission granted since would seem to be missing. A caller may
 *   also ask for a fresh one, and bounds how often.
 */
export function createTokens(request: RequestToken, clock: Pick<Clock, 'now'>): Tokens {
  const inProgress = new Map<string, Promise<string>>();
  const refusals = createCache<ReceiverError>({ most: MOST_TENANTS, keepMs: REFUSAL_KEPT_MS, clock });
  const outdated = createCache<true>({ most: MOST_TENANTS, clock });
  const refreshed = createCache<true>({ most: MOST_TENANTS, keepMs: FRESH_EVERY_MS, clock });
  const throttled = createCache<{ until: number; times: number; problem: string }>({ most: MOST_TENANTS, clock });

  /** @throws GraphError `tokenUnavailable` during a Retry-After of Entra */
  function checkPause(tenantId: string): void {
    const { until = 0, problem = '' } = throttled.get(tenantId) ?? {};
    const retryAfterMs = until - clock.now();
    if (retryAfterMs > 0) throw new GraphError('tokenUnavailable', problem, { retryAfterMs });
  }

  function takeFresh(tenantId: string): boolean {
    if (!outdated.has(tenantId) || refreshed.has(tenantId)) return false;
    noteFresh(tenantId);
    return true;
  }

  function noteFresh(tenantId: string): void {
    outdated.delete(tenantId);
    refreshed.set(tenantId, true);
  }

  async function ask(tenantId: string, fresh: boolean): Promise<string> {
    try {
      const token = await request(tenantId, { fresh });
      refusals.delete(tenantId);
      throttled.delete(tenantId);
      return token;
    } catch (error) {
      if (error instanceof ReceiverError && !error.retryable) refusals.set(tenantId, error);
      if (!(error instanceof GraphError) || error.retryAfterMs === undefined) throw error;
      const times = (throttled.get(tenantId)?.times ?? 0) + 1;
      const until = clock.now() + Math.max(error.retryAfterMs, doublingMs(THROTTLED, times));
      throttled.set(tenantId, { until, times, problem: error.problem });
      throw error;
    }
  }

  return {
    refused: (tenantId) => void outdated.set(tenantId, true),
    async get(tenantId, options) {
      checkPause(tenantId);
      if (options?.fresh) noteFresh(tenantId);
      const fresh = options?.fresh ?? takeFresh(tenantId);
      const shared = fresh ? undefined : inProgress.get(tenantId);
      if (shared) return shared;
      const refusal = fresh ? undefined : refusals.get(tenantId);
      if (refusal) throw refusal;
      const asked = ask(tenantId, fresh);
      inProgress.set(tenantId, asked);
      try {
        return await asked;
      } finally {
        if (inProgress.get(tenantId) === asked) inProgress.delete(tenantId);
      }
    },
  };
}

/** The sign-in hosts of Microsoft's clouds. Any other host, such as a simulator, cannot be discovered at Microsoft. */
const KNOWN_AUTHORITIES = new Set([
  'https://login.microsoftonline.com',
  'https://login.microsoftonline.us',
  'https://login.chinacloudapi.cn',
  'https://login.partner.microsoftonline.cn',
]);

/** What every credential of @azure/identity needs to know about the sign-in host. */
export function authorityOptions({ authorityHost }: Pick<Config, 'authorityHost'>) {
  return { authorityHost, disableInstanceDiscovery: !KNOWN_AUTHORITIES.has(authorityHost) };
}

const TOKEN_TIMEOUT_MS = 15_000;
/** Fixed by Entra for workload identity federation. */
const FEDERATION_SCOPE = 'api://AzureADTokenExchange/.default';

/**
 * One credential of @azure/identity per tenant. Each caches its token and renews it before it expires. The development
 * credential is the text `development.{tenantId}`.
 *
 * @returns a function that rejects with ReceiverError `tokenRefused` or `tokenUnavailable`, within 15 seconds
 */
export function createRequestToken(config: Config, clock: Pick<Clock, 'now'>): RequestToken {
  if (config.credential === 'development') return (tenantId) => Promise.resolve(`development.${tenantId}`);
  const scope = `${new URL(config.graphBaseUrl).origin}/.default`;
  const credentials = createCache<ReturnType<typeof createTenantCredential>>({ most: MOST_TENANTS, clock });
  return async (tenantId, { fresh }) => {
    const used = (fresh ? undefined : credentials.get(tenantId)) ?? createTenantCredential(config, tenantId, clock);
    credentials.set(tenantId, used);
    used.forget();
    try {
      const credential = await used.credential;
      // The credential waits out a Retry-After of the sign-in host without watching the signal.
      const abortSignal = AbortSignal.timeout(TOKEN_TIMEOUT_MS);
      const token = await untilAborted(abortSignal, credential.getToken(scope, { abortSignal }));
      if (!token) throw new TypeError('The credential returned no token');
      return token.token;
    } catch (cause) {
      credentials.delete(tenantId);
      if (cause instanceof ReceiverError) throw cause;
      if (used.asksIdentity()) throw toIdentityError(tenantId, cause);
      throw toTokenError(config, tenantId, used.lastAnswer(), { cause, now: clock.now() });
    }
  };
}

type AdditionalPolicy = NonNullable<ClientSecretCredentialOptions['additionalPolicies']>[number];

/** An answer of the sign-in host. */
interface SignInAnswer {
  status: number;
  refusal: Refusal;
  /** Entra throttles the tenant until then; milliseconds since 1970, by our clock. */
  pausedUntil?: number;
}

/**
 * `lastAnswer`: of the sign-in host. Undefined while a request is in progress or was not answered. `asksIdentity`: the managed
 * identity of the app was asked to sign and has not. The errors of @azure/identity do not say either. `forget` begins a request.
 */
function createTenantCredential(config: Config, tenantId: string, clock: Pick<Clock, 'now'>) {
  let lastAnswer: SignInAnswer | undefined;
  let asksIdentity = false;
  const watchIdentity = async (sign: () => Promise<string>): Promise<string> => {
    asksIdentity = true;
    const assertion = await sign();
    asksIdentity = false;
    return assertion;
  };
  const watchAnswers: AdditionalPolicy['policy'] = {
    name: 'watchAnswers',
    async sendRequest(request, next) {
      lastAnswer = undefined;
      const answer = await next(request);
      const { status } = answer;
      lastAnswer = { status, refusal: readEntraRefusal(answer.bodyAsText ?? '') };
      const headers = answer.headers.toJSON();
      const now = clock.now();
      // 429 always asks to wait: at least a moment.
      const askedMs = parseRetryAfter(headers['retry-after'], answerTime({ headers }) ?? now) ?? 0;
      const isThrottled = status === 429 || (status >= 500 && askedMs > 0);
      if (isThrottled) lastAnswer.pausedUntil = now + Math.min(askedMs, LONGEST_SILENCE_MS);
      return answer;
    },
  };
  const additionalPolicies: AdditionalPolicy[] = [{ position: 'perRetry', policy: watchAnswers }];
  const options = { ...authorityOptions(config), additionalPolicies };
  return {
    credential: createCredential(config, tenantId, options, watchIdentity),
    lastAnswer: () => lastAnswer,
    asksIdentity: () => asksIdentity,
    forget() {
      lastAnswer = undefined;
      asksIdentity = false;
    },
  };
}

async function createCredential(
  config: Config,
  tenantId: string,
  options: ClientSecretCredentialOptions,
  watchIdentity: (sign: () => Promise<string>) => Promise<string>,
) {
  const identity = await import('@azure/identity');
  const { clientId, clientSecret = '', managedIdentityClientId = '' } = config;
  switch (config.credential) {
    case 'secret':
      return new identity.ClientSecretCredential(tenantId, clientId, clientSecret, options);
    case 'certificate': {
      const certificate = { certificate: await readCertificateFile(config) };
      return new identity.ClientCertificateCredential(tenantId, clientId, certificate, options);
    }
    default: {
      const managed = new identity.ManagedIdentityCredential({ clientId: managedIdentityClientId });
      const getAssertion = () => watchIdentity(async () => (await managed.getToken(FEDERATION_SCOPE)).token);
      return new identity.ClientAssertionCredential(tenantId, clientId, getAssertion, options);
    }
  }
}

/** Without the signature of our own identity Entra was not asked for a token. It is an outage: an identity may be assigned later. */
function toIdentityError(tenantId: string, cause: unknown): ReceiverError {
  const problem = `No token for tenant ${tenantId}: the managed identity of MANAGED_IDENTITY_CLIENT_ID gave no token for the app`;
  const remedy =
    'If this lasts, check that MANAGED_IDENTITY_CLIENT_ID is the client id of a user-assigned identity of this app.';
  return new GraphError('tokenUnavailable', problem, { remedy, cause });
}

/**
 * Entra's refusals (400, 401) last until somebody changes something. Anything else may pass by itself. Status, code and ids
 * are those that the sign-in host answered, because the errors of @azure/identity do not carry them as fields.
 */
function toTokenError(
  config: Config,
  tenantId: string,
  answer: SignInAnswer | undefined,
  { cause, now }: { cause: unknown; now: number },
): ReceiverError {
  const { authorityHost, credential } = config;
  const { status, refusal = {}, pausedUntil } = answer ?? {};
  const known = describeRefusal(refusal);
  const answered = status === undefined ? 'did not answer' : `returned ${status}${known === '' ? '' : ` (${known})`}`;
  const problem = `No token for tenant ${tenantId}: Entra at ${authorityHost} ${answered}`;
  const isRefused = status === 400 || status === 401;
  const generalRemedy = isRefused
    ? `Check that the customer has consented and that the ${credential} credential of the app is valid and not expired.`
    : `If this lasts, check ENTRA_AUTHORITY_HOST and the ${credential} credential of the app.`;
  const remedy = refusal.reason?.remedy ?? generalRemedy;
  const retryAfterMs = pausedUntil === undefined ? undefined : Math.max(0, pausedUntil - now);
  const options = { remedy, logFields: refusalFields(refusal), cause, retryAfterMs };
  return new GraphError(isRefused ? 'tokenRefused' : 'tokenUnavailable', problem, options);
}
