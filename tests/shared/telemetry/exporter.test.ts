import { buffer } from 'node:stream/consumers';
import { startIngestion, type Ingestion } from '../../../local/ingestion/startIngestion';
import { openExporter } from '../../../shared/telemetry/exporter';
import type { EndedSpan } from '../../../shared/telemetry/spans';
import { startTlsService, type TlsService } from '../../support/startTlsService';

const mockGetToken = jest.fn(() => Promise.resolve({ token: 'the-token', expiresOnTimestamp: Date.now() + 3_600_000 }));
const mockCreated: unknown[] = [];
jest.mock('@azure/identity', () => ({
  ManagedIdentityCredential: class {
    getToken = mockGetToken;
    constructor(...options: unknown[]) {
      mockCreated.push(...options);
    }
  },
}));

let ingestion: Ingestion;
let failures: string[];
beforeEach(async () => {
  ingestion = await startIngestion({ now: () => Date.now() });
  failures = [];
  mockCreated.length = 0;
});
afterEach(() => ingestion.close());

const environment = process.env;
afterEach(() => {
  process.env = environment;
});

const tryToOpen = (settings: Record<string, string> = {}) => {
  // The exporter reads its switches from the environment of the process.
  process.env = { APPLICATIONINSIGHTS_CONNECTION_STRING: ingestion.connectionString, ...settings };
  return openExporter(process.env, (reason) => void failures.push(reason));
};
const open = async (settings?: Record<string, string>) => {
  const exporter = await tryToOpen(settings);
  if (!exporter) throw new Error('The exporter was not opened');
  return exporter;
};

/** Before the exporter was opened. A whole second, because the library may cut a millisecond off. */
const STARTED_AT = Math.floor(Date.now() / 1_000) * 1_000 - 60_000;

const SPAN: EndedSpan = {
  name: 'GET /print/printers/{id}/jobs/{id}',
  kind: 'client',
  ids: { traceId: '0af7651916cd43dd8448eb211c80319c', spanId: 'b7ad6b7169203331' },
  parent: { traceId: '0af7651916cd43dd8448eb211c80319c', spanId: '00f067aa0ba902b7' },
  startedAt: STARTED_AT,
  endedAt: STARTED_AT + 1_250,
  attributes: {
    tenantId: 't',
    'peer.service': 'Microsoft Graph',
    'http.request.method': 'GET',
    'http.response.status_code': 404,
  },
  isFailed: true,
};

it('sends metrics to an endpoint on loopback over http', async () => {
  const exporter = await open({ WEBSITE_SITE_NAME: 'print-app' });
  exporter.measure({ metric: 'upr.notifications.accepted', value: 3, dimensions: { route: 'receiveNotifications' } });
  await exporter.flush();
  expect(ingestion.rows('AppMetrics')).toMatchObject([
    {
      Name: 'upr.notifications.accepted',
      Sum: 3,
      Properties: { route: 'receiveNotifications' },
      AppRoleName: 'print-app',
    },
  ]);
  expect(failures).toEqual([]);
});

it('sends spans with their own times, ids and links', async () => {
  const exporter = await open();
  const link = { traceId: 'f'.repeat(32), spanId: 'e'.repeat(16) };
  const work: EndedSpan = {
    ...SPAN,
    name: 'process print-notifications',
    kind: 'consumer',
    link,
    attributes: { key: 'k' },
  };
  exporter.trace([work, SPAN]);
  await exporter.flush();
  expect(ingestion.rows('AppRequests')).toMatchObject([
    {
      TimeGenerated: new Date(STARTED_AT),
      OperationId: SPAN.ids.traceId,
      ParentId: '00f067aa0ba902b7',
      Id: 'b7ad6b7169203331',
      Name: 'process print-notifications',
      DurationMs: 1_250,
      Success: false,
      Properties: { key: 'k', '_MS.links': JSON.stringify([{ operation_Id: link.traceId, id: link.spanId }]) },
    },
  ]);
  expect(ingestion.rows('AppDependencies')).toMatchObject([
    {
      Name: 'GET /print/printers/{id}/jobs/{id}',
      Target: 'Microsoft Graph',
      ResultCode: '404',
      Success: false,
      Properties: { tenantId: 't' },
    },
  ]);
});

it('reports a request that was refused by its status', async () => {
  const exporter = await open();
  // The quota of the day is used up, which no retry changes.
  ingestion.fail({ status: 402 });
  exporter.measure({ metric: 'upr.measurements', value: 1 });
  await exporter.flush();
  expect(failures).toEqual(['402']);
});

describe('over https', () => {
  const CLIENT = '7c9f6a52-1d0e-4b7f-9f43-5f0c7c1de001';
  let service: TlsService;
  let requests: { host: string | undefined; authorization: string | undefined; body: string }[];
  beforeEach(async () => {
    requests = [];
    mockGetToken.mockClear();
    service = await startTlsService((request, response) => {
      void buffer(request).then((body) => {
        const { host, authorization } = request.headers;
        requests.push({ host, authorization, body: body.toString() });
        response.writeHead(200, { 'content-type': 'application/json' });
        response.end('{"itemsReceived":1,"itemsAccepted":1,"errors":[]}');
      });
    });
  });
  afterEach(() => service.close());

  const at = (endpoint: string) => {
    const [key = ''] = ingestion.connectionString.split(';');
    return { APPLICATIONINSIGHTS_CONNECTION_STRING: `${key};IngestionEndpoint=${endpoint}` };
  };
  const send = async (scheme: string, authentication: string, settings: Record<string, string> = {}) => {
    const exporter = await open({
      ...at(`${scheme}://ingestion.example:${service.port}/`),
      TRUSTED_HOSTS: `https://ingestion.example:${service.port}`,
      APPLICATIONINSIGHTS_AUTHENTICATION_STRING: authentication,
      ...settings,
    });
    exporter.measure({ metric: 'upr.measurements', value: 1 });
    await exporter.flush();
    return requests.map(({ authorization }) => authorization);
  };

  it.each([
    [`ClientId=${CLIENT};Authorization=AAD`, [{ clientId: CLIENT }]],
    [`authorization = aad; clientid = ${CLIENT}`, [{ clientId: CLIENT }]],
    ['Authorization=AAD', []],
  ])('%p sends the token of an identity', async (text, created) => {
    expect(await send('https', text)).toEqual(['Bearer the-token']);
    expect(mockCreated).toEqual(created);
    expect(mockGetToken).toHaveBeenCalledWith(['https://monitor.azure.com/.default'], expect.anything());
  });

  it.each(['', `ClientId=${CLIENT}`, 'Authorization=Other'])('%p sends no token', async (text) => {
    expect(await send('https', text)).toEqual([undefined]);
    expect(mockGetToken).not.toHaveBeenCalled();
  });

  it('names the instance of the platform', async () => {
    await send('https', '', { WEBSITE_INSTANCE_ID: 'instance-1' });
    expect(requests[0]?.body).toContain('"ai.cloud.roleInstance":"instance-1"');
  });

  it('a host of a stranger receives neither token nor telemetry', async () => {
    const endpoint = `https://ingestion.example:${service.port}`;
    const aad = { APPLICATIONINSIGHTS_AUTHENTICATION_STRING: 'Authorization=AAD' };
    expect(await tryToOpen({ ...at(endpoint), ...aad })).toBeUndefined();
    expect(failures).toEqual(['untrustedHost']);
    expect(mockCreated).toEqual([]);
    expect(requests).toEqual([]);
  });

  it('an identity without a token is reported', async () => {
    mockGetToken.mockRejectedValueOnce(new Error('secret'));
    expect(await send('https', 'Authorization=AAD')).toEqual([]);
    expect(failures).toEqual(['noToken']);
  });

  it('an address with http that is not on loopback is called over https', async () => {
    expect(await send('http', '')).toEqual([undefined]);
  });

  // https://learn.microsoft.com/azure/azure-monitor/app/statsbeat: it is sent soon after the start, to hosts of its own.
  it('no host but that of the connection string is called: Statsbeat is off', async () => {
    await send('https', '');
    expect(requests.map(({ host }) => host)).toEqual([`ingestion.example:${service.port}`]);
    expect(process.env['APPLICATION_INSIGHTS_NO_STATSBEAT']).toBe('true');
  });
});

it('no token is sent over http, not even on loopback', async () => {
  const exporter = await open({ APPLICATIONINSIGHTS_AUTHENTICATION_STRING: 'Authorization=AAD' });
  exporter.measure({ metric: 'upr.measurements', value: 1 });
  await exporter.flush();
  expect(ingestion.received()).toEqual([]);
});

it.each(['', 'nonsense', 'InstrumentationKey=x'])('the connection string %p opens no exporter', async (text) => {
  await expect(open({ APPLICATIONINSIGHTS_CONNECTION_STRING: text })).rejects.toThrow();
});
