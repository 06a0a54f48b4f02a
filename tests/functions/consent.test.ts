import { HttpRequest, InvocationContext, type HttpHandler, type HttpResponseInit } from '@azure/functions';
import { signConsentState } from '../../shared/consent/consentLink';
import { testKey } from '../support/testKey';

let handler: HttpHandler | undefined;
jest.mock('@azure/functions', () => ({
  ...jest.requireActual<object>('@azure/functions'),
  app: {
    http: (_name: string, options: { handler: HttpHandler }) => {
      handler = options.handler;
    },
  },
}));

const TENANT = '11111111-1111-1111-1111-111111111111';
const KEY = testKey(7);
const SETTINGS = {
  AzureWebJobsStorage: 'UseDevelopmentStorage=true',
  ENTRA_CLIENT_ID: '55555555-5555-5555-5555-555555555555',
  GRAPH_CREDENTIAL: 'development',
  GRAPH_BASE_URL: 'http://127.0.0.1:1/v1.0',
  CLIENT_STATE_KEYS: `k1:${KEY.toString('base64')}`,
  PUBLIC_BASE_URL: 'https://receiver.example/api',
};

const before = process.env;
afterEach(() => {
  process.env = before;
});

async function get(env: Record<string, string>, query: Record<string, string>) {
  await import('../../functions/consent');
  process.env = env;
  const lines: Record<string, unknown>[] = [];
  const context = new InvocationContext({
    functionName: 'consent',
    logHandler: (_level, ...args) => void lines.push(JSON.parse(String(args[0])) as Record<string, unknown>),
  });
  const request = new HttpRequest({ method: 'GET', url: 'http://localhost/api/consent', query });
  return { answer: (await handler?.(request, context)) as HttpResponseInit, lines };
}

describe('GET /api/consent', () => {
  it('calls no storage for an answer that claims nothing', async () => {
    const state = signConsentState([{ keyId: 'k1', key: KEY }], TENANT, Date.now());
    const { answer, lines } = await get(SETTINGS, { tenant: TENANT, state, error: 'access_denied' });
    expect(answer).toMatchObject({ status: 200, body: expect.stringContaining(TENANT) as string });
    expect(lines).toMatchObject([{ event: 'consent.answered', outcome: 'declined', tenantId: TENANT }]);
  });

  it('refuses anyone else and repeats nothing of the query', async () => {
    const { answer, lines } = await get(SETTINGS, { state: '<script>', admin_consent: 'True' });
    expect(answer).toMatchObject({ status: 400 });
    expect(answer.body).not.toContain('script');
    expect(lines).toEqual([{ event: 'consent.answered', outcome: 'unknownLink' }]);
  });

  it('answers 503 while settings are missing, and the log names them', async () => {
    const { answer, lines } = await get({}, {});
    expect(answer).toMatchObject({ status: 503 });
    expect(lines).toMatchObject([{ event: 'function.failed', code: 'configInvalid' }]);
  });
});
