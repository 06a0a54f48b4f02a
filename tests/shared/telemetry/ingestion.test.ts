import { trustedIngestion } from '../../../shared/telemetry/ingestion';

const KEY = 'InstrumentationKey=00000000-0000-0000-0000-000000000000';
const IN_AZURE = { WEBSITE_INSTANCE_ID: 'instance' };
const addressOf = (connectionString: string, env: Record<string, string> = {}) =>
  trustedIngestion({ APPLICATIONINSIGHTS_CONNECTION_STRING: connectionString, ...env });

// https://learn.microsoft.com/azure/azure-monitor/app/connection-strings: the forms of a connection string.
it.each([
  [
    `${KEY};IngestionEndpoint=https://westeurope-5.in.applicationinsights.azure.com/;LiveEndpoint=https://westeurope.livediagnostics.monitor.azure.com/`,
    'https://westeurope-5.in.applicationinsights.azure.com',
  ],
  [
    `${KEY};EndpointSuffix=applicationinsights.us;IngestionEndpoint=https://usgovvirginia-1.in.applicationinsights.azure.us/`,
    'https://usgovvirginia-1.in.applicationinsights.azure.us',
  ],
  [
    `${KEY};EndpointSuffix=applicationinsights.azure.com;Location=westus2`,
    'https://westus2.dc.applicationinsights.azure.com',
  ],
  [KEY, 'https://dc.services.visualstudio.com'],
])('%s is sent to %s', (connectionString, address) => {
  expect(addressOf(connectionString, IN_AZURE)).toBe(address);
});

it.each([
  'https://evil.example',
  'https://evilapplicationinsights.azure.com',
  'https://westus-0.in.applicationinsights.azure.com.evil.example',
  'https://westus-0.in.applicationinsights.azure.com@evil.example',
  'ftp://westus-0.in.applicationinsights.azure.com',
  'no url',
])('nothing is sent to %s', (endpoint) => {
  expect(addressOf(`${KEY};IngestionEndpoint=${endpoint}`)).toBeUndefined();
  expect(addressOf(`ingestionendpoint = ${endpoint} ;${KEY}`)).toBeUndefined();
});

it('nothing is sent to the last of two endpoints, or to a suffix, of a stranger', () => {
  const known = 'IngestionEndpoint=https://westus-0.in.applicationinsights.azure.com';
  expect(addressOf(`${KEY};${known};IngestionEndpoint=https://evil.example`)).toBeUndefined();
  expect(addressOf(`${KEY};EndpointSuffix=evil.example`)).toBeUndefined();
});

it('a host that TRUSTED_HOSTS names receives telemetry over https', () => {
  const trusting = { TRUSTED_HOSTS: 'https://graph.example,https://telemetry.example:8443' };
  const at = (endpoint: string) => addressOf(`${KEY};IngestionEndpoint=${endpoint}`, trusting);
  expect(at('http://telemetry.example:8443/')).toBe('https://telemetry.example:8443');
  expect(at('https://telemetry.example')).toBeUndefined();
});

it('loopback receives telemetry outside Azure only', () => {
  const local = `${KEY};IngestionEndpoint=http://127.0.0.1:4318/`;
  expect(addressOf(local)).toBe('http://127.0.0.1:4318');
  expect(addressOf(local, { ...IN_AZURE, TRUSTED_HOSTS: 'http://127.0.0.1:4318' })).toBeUndefined();
});
