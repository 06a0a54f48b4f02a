import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { DeviceCodeCredentialOptions } from '@azure/identity';
import type { Configuration, InteractiveRequest } from '@azure/msal-node';
import { createSignIn } from '../../cli/signIn';
import type { SignInRequest } from '../../cli/signInRequest';

const TENANT = '11111111-1111-1111-1111-111111111111';
const PLACE = {
  authorityHost: 'https://login.microsoftonline.com',
  clientId: '55555555-5555-5555-5555-555555555555',
  graphBaseUrl: 'https://graph.microsoft.com/v1.0',
};

const configured: Configuration[] = [];
const asked: InteractiveRequest[] = [];
/** How the browser answers: the query with which it comes back, or none for one that never does. */
let comesBack: string | undefined;

/** MSAL with its listener, and without a sign-in host. */
jest.mock('@azure/msal-node', () => ({
  PublicClientApplication: class {
    constructor(configuration: Configuration) {
      configured.push(configuration);
    }
    async acquireTokenInteractive(request: InteractiveRequest) {
      asked.push(request);
      const server = createServer();
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      const redirectUri = `http://localhost:${(server.address() as AddressInfo).port}`;
      const cameBack = new Promise<URLSearchParams>((resolve) => {
        server.on('request', ({ url = '' }, response) => {
          response.end();
          resolve(new URL(url, redirectUri).searchParams);
        });
      });
      try {
        await request.openBrowser(`https://login.example/authorize?redirect_uri=${encodeURIComponent(redirectUri)}`);
        if (comesBack !== undefined) await fetch(`${redirectUri.replace('localhost', '127.0.0.1')}/?${comesBack}`);
        const error = (await cameBack).get('error');
        if (error !== null) throw Object.assign(new Error(error), { errorCode: error, errorMessage: '' });
        return { accessToken: 'a token' };
      } finally {
        server.close().closeAllConnections();
      }
    }
  },
}));

let signedIn: () => Promise<{ token: string }> = () => Promise.resolve({ token: 'a token' });
const devices: DeviceCodeCredentialOptions[] = [];
jest.mock('@azure/identity', () => ({
  DeviceCodeCredential: class {
    constructor(options: DeviceCodeCredentialOptions) {
      devices.push(options);
    }
    getToken() {
      void devices.at(-1)?.userPromptCallback?.({
        userCode: 'ABCD1234',
        verificationUri: 'https://microsoft.com/devicelogin',
        message: 'words of Entra',
      });
      return signedIn();
    }
  },
}));

const open = async (flow: SignInRequest['flow'], { limitMs = 60_000, place = PLACE } = {}) => {
  const shown: unknown[] = [];
  const token = await createSignIn(limitMs)(
    place,
    { tenantId: TENANT, permission: 'Printer.Read.All', flow },
    { browser: (address) => shown.push(new URL(address).origin), deviceCode: (prompt) => shown.push(prompt) },
  );
  return { token, shown };
};

describe('signing a person in', () => {
  it('asks for one delegated permission in the tenant, with the app and without its credential', async () => {
    comesBack = 'code=x';
    expect(await open('browser')).toEqual({ token: 'a token', shown: ['https://login.example'] });
    expect(asked.at(-1)).toMatchObject({
      scopes: ['https://graph.microsoft.com/Printer.Read.All'],
      prompt: 'select_account',
    });
    expect(configured.at(-1)).toEqual({
      auth: {
        clientId: PLACE.clientId,
        authority: `https://login.microsoftonline.com/${TENANT}`,
        knownAuthorities: [],
      },
    });
  });

  it('does not look for a sign-in host outside Microsoft at Microsoft', async () => {
    comesBack = 'code=x';
    await open('browser', { place: { ...PLACE, authorityHost: 'https://localhost:7443' } });
    expect(configured.at(-1)?.auth.knownAuthorities).toEqual([`https://localhost:7443/${TENANT}`]);
  });

  it('shows page and code for a device code, and waits for nothing of it', async () => {
    const { token, shown } = await open('deviceCode');
    expect(token).toBe('a token');
    expect(shown).toMatchObject([{ verificationUri: 'https://microsoft.com/devicelogin', userCode: 'ABCD1234' }]);
    expect(devices.at(-1)).toMatchObject({
      tenantId: TENANT,
      clientId: PLACE.clientId,
      disableInstanceDiscovery: false,
    });
    expect(JSON.stringify(devices.at(-1))).not.toContain('secret');
    signedIn = () => Promise.reject(new Error('x'));
    await expect(open('deviceCode')).rejects.toMatchObject({ code: 'signInFailed' });
  });

  it('ends when the browser does not come back in time, and closes the listener', async () => {
    comesBack = undefined;
    await expect(open('browser', { limitMs: 50 })).rejects.toMatchObject({
      code: 'signInFailed',
      retryable: false,
      problem: expect.stringContaining('the browser did not come back within 15 minutes') as unknown,
      remedy: expect.stringContaining('--device-code') as unknown,
    });
  });

  it('says that the person canceled (v2-oauth2-auth-code-flow: access_denied)', async () => {
    comesBack = 'error=access_denied';
    await expect(open('browser')).rejects.toMatchObject({
      code: 'signInFailed',
      problem: expect.stringContaining('canceled or declined') as unknown,
    });
  });
});
