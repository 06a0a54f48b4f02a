import type { DeviceCodeCredentialOptions } from '@azure/identity';
import { readConfig } from '../../../shared/config';
import { openUserGraph, type SignInPrompt } from '../../../shared/graph/service';
import { testKey } from '../../support/testKey';

const asked: DeviceCodeCredentialOptions[] = [];
const scopes: unknown[] = [];
let answer: () => Promise<{ token: string }>;
jest.mock('@azure/identity', () => ({
  DeviceCodeCredential: class {
    constructor(options: DeviceCodeCredentialOptions) {
      asked.push(options);
    }
    getToken(scope: unknown) {
      scopes.push(scope);
      void asked.at(-1)?.userPromptCallback?.({
        verificationUri: 'https://microsoft.com/devicelogin',
        userCode: 'ABCD1234',
        message: 'words of Entra',
      });
      return answer();
    }
  },
}));

const TENANT = '11111111-1111-1111-1111-111111111111';
const env = {
  AzureWebJobsStorage: 'UseDevelopmentStorage=true',
  ENTRA_CLIENT_ID: '55555555-5555-5555-5555-555555555555',
  GRAPH_CREDENTIAL: 'secret',
  ENTRA_CLIENT_SECRET: 'a secret',
  CLIENT_STATE_KEYS: `k1:${testKey(7).toString('base64')}`,
  PUBLIC_BASE_URL: 'https://receiver.example/api',
};

describe('signing in by device code', () => {
  const signIn = (prompts: SignInPrompt[] = [], over: Record<string, string> = {}) =>
    openUserGraph(readConfig({ ...env, ...over }), TENANT, {
      permission: 'Printer.Read.All',
      prompt: (prompt) => prompts.push(prompt),
    });

  it('asks for one delegated permission, with the same app and without its credential', async () => {
    answer = () => Promise.resolve({ token: 'a token' });
    const prompts: SignInPrompt[] = [];
    await signIn(prompts);
    expect(prompts).toEqual([{ verificationUri: 'https://microsoft.com/devicelogin', userCode: 'ABCD1234' }]);
    expect(scopes).toEqual(['https://graph.microsoft.com/Printer.Read.All']);
    expect(asked.at(-1)).toMatchObject({
      tenantId: TENANT,
      clientId: env.ENTRA_CLIENT_ID,
      authorityHost: 'https://login.microsoftonline.com',
      disableInstanceDiscovery: false,
    });
    expect(JSON.stringify(asked.at(-1))).not.toContain('secret');
  });

  it('takes the authority of the settings, and does not look for a foreign one at Microsoft', async () => {
    answer = () => Promise.resolve({ token: 'a token' });
    await signIn([], { ENTRA_AUTHORITY_HOST: 'https://127.0.0.1:7443' });
    expect(asked.at(-1)).toMatchObject({
      authorityHost: 'https://127.0.0.1:7443',
      disableInstanceDiscovery: true,
    });
  });

  it('says what the registration needs when nobody signed in', async () => {
    answer = () => Promise.reject(new Error('AADSTS7000218'));
    await expect(signIn()).rejects.toMatchObject({
      code: 'signInFailed',
      retryable: false,
      message: expect.stringMatching(/public client flows.*Printer\.Read\.All/) as string,
    });
  });
});
