import type { DeviceCodeCredentialOptions } from '@azure/identity';
import { authorityOptions } from '../shared/graph/tokens';
import { explainSignIn, TIMED_OUT } from './signInErrors';
import type { SignInPlace } from '../shared/config';
import type { SignIn, SignInPrompts, SignInRequest } from './signInRequest';

type AdditionalPolicy = NonNullable<DeviceCodeCredentialOptions['additionalPolicies']>[number];

/** How long Entra accepts a device code (identity-platform v2-oauth2-device-code). A browser has the same time. */
const LIMIT_MS = 15 * 60_000;

/** The real sign-in. `limitMs` bounds the wait for the browser. Decision 0024 says why over these libraries. */
export function createSignIn(limitMs = LIMIT_MS): SignIn {
  return (place, request, prompts) =>
    request.flow === 'browser' ? byBrowser(place, request, prompts, limitMs) : byDeviceCode(place, request, prompts);
}

function scopeOf({ graphBaseUrl }: SignInPlace, { permission }: SignInRequest): string {
  return `${new URL(graphBaseUrl).origin}/${permission}`;
}

const page = (title: string, text: string) =>
  `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>${title}</title></head><body><h1>${title}</h1><p>${text}</p></body></html>`;

/** Authorization code with PKCE. MSAL listens on a free port of 127.0.0.1 until the browser comes back to it. */
async function byBrowser(
  place: SignInPlace,
  request: SignInRequest,
  prompts: SignInPrompts,
  limitMs: number,
): Promise<string> {
  const { PublicClientApplication } = await import('@azure/msal-node');
  const { authorityHost, disableInstanceDiscovery } = authorityOptions(place);
  const authority = `${authorityHost}/${request.tenantId}`;
  const app = new PublicClientApplication({
    auth: { clientId: place.clientId, authority, knownAuthorities: disableInstanceDiscovery ? [authority] : [] },
  });
  let limit: NodeJS.Timeout | undefined;
  try {
    const { accessToken } = await app.acquireTokenInteractive({
      scopes: [scopeOf(place, request)],
      // A browser is often signed in with the account of another tenant.
      prompt: 'select_account',
      successTemplate: page('Signed in', 'You can close this page.'),
      errorTemplate: page('Not signed in', 'See the command line for the reason. You can close this page.'),
      openBrowser: (address) => {
        limit = setTimeout(() => void endListener(address), limitMs);
        prompts.browser(address);
        return Promise.resolve();
      },
    });
    return accessToken;
  } catch (error) {
    throw explainSignIn(error, place, request);
  } finally {
    clearTimeout(limit);
  }
}

/** MSAL drops the answer of a refused device code, which has the code of Entra. A credential lets us see it. */
async function byDeviceCode(place: SignInPlace, request: SignInRequest, prompts: SignInPrompts): Promise<string> {
  const { DeviceCodeCredential } = await import('@azure/identity');
  let answer = '';
  const watchAnswers: AdditionalPolicy['policy'] = {
    name: 'watchAnswers',
    async sendRequest(sent, next) {
      answer = '';
      const received = await next(sent);
      answer = received.bodyAsText ?? '';
      return received;
    },
  };
  const credential = new DeviceCodeCredential({
    tenantId: request.tenantId,
    clientId: place.clientId,
    ...authorityOptions(place),
    additionalPolicies: [{ position: 'perRetry', policy: watchAnswers }],
    // A person waits: a host that cannot be reached is reported within seconds.
    retryOptions: { maxRetries: 1 },
    userPromptCallback: prompts.deviceCode,
  });
  try {
    return (await credential.getToken(scopeOf(place, request))).token;
  } catch (error) {
    throw explainSignIn(error, place, request, answer);
  }
}

/** MSAL takes no signal. Its listener ends with any redirect of the browser, an error among them, so this sends one. */
async function endListener(address: string): Promise<void> {
  const redirectUri = new URL(new URL(address).searchParams.get('redirect_uri') ?? '');
  await fetch(`http://127.0.0.1:${redirectUri.port}/?error=${TIMED_OUT}`).catch(() => undefined);
}
