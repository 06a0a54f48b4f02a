import {
  checkGraphBaseUrl,
  checkOrigin,
  checkPublicBaseUrl,
  checkTrustedHosts,
} from '../../../shared/settings/addresses';

const origin = (text: string) => checkOrigin(text, 'https://login.microsoftonline.com');

it.each([
  [checkGraphBaseUrl, 'https://graph.microsoft.com/v1.0/', 'https://graph.microsoft.com/v1.0'],
  [checkGraphBaseUrl, 'HTTPS://Graph.Microsoft.com/beta', 'https://graph.microsoft.com/beta'],
  [origin, 'https://login.microsoftonline.com//', 'https://login.microsoftonline.com'],
  [checkPublicBaseUrl, 'https://app.azurewebsites.net/api/', 'https://app.azurewebsites.net/api'],
  [checkPublicBaseUrl, 'https://gateway.example/print/receiver', 'https://gateway.example/print/receiver'],
])('%p accepts %p', (check, text, value) => {
  expect(check(text)).toEqual({ value });
});

it.each([
  [checkGraphBaseUrl, 'https://graph.microsoft.com', 'has no version: add /v1.0 or /beta'],
  [checkGraphBaseUrl, 'https://graph.microsoft.com/v1.0/print', 'has a path other than its version'],
  [checkGraphBaseUrl, 'https://graph.microsoft.com/v2.0', 'has a path other than its version'],
  [checkGraphBaseUrl, 'https://user@graph.microsoft.com/v1.0', 'has a user name'],
  [checkGraphBaseUrl, 'https://graph.microsoft.com/v1.0?x=1', 'has a query or fragment'],
  [checkGraphBaseUrl, 'https://graph.microsoft.com/v1.0#', 'has a query or fragment'],
  [checkGraphBaseUrl, 'http://graph.microsoft.com/v1.0', 'is not an https URL'],
  [checkGraphBaseUrl, 'ftp://graph.microsoft.com/v1.0', 'is not an https URL'],
  [checkGraphBaseUrl, 'graph.microsoft.com/v1.0', 'is not an https URL'],
  [origin, 'https://login.microsoftonline.com/common', 'has a path: remove it, such as the tenant'],
  [origin, 'https://login.microsoftonline.com/organizations/v2.0', 'has a path'],
  [checkPublicBaseUrl, 'https://app.example/api?code=abc', 'has a query or fragment'],
  [checkPublicBaseUrl, 'https://app.example/api/notifications', 'remove /notifications'],
  [checkPublicBaseUrl, 'https://app.example/api/lifecycle/', 'remove /lifecycle'],
  [checkPublicBaseUrl, 'http://app.example/api', 'is not an https URL'],
])('%p refuses %p and says why', (check, text, problem) => {
  expect(check(text)).toEqual({ problem: expect.stringContaining(problem) as string });
});

it('reads a list of origins', () => {
  expect(checkTrustedHosts('https://a.example , https://b.example:8443/')).toEqual({
    value: ['https://a.example', 'https://b.example:8443'],
  });
  expect(checkTrustedHosts('https://a.example,https://b.example/path')).toHaveProperty('problem');
  expect(checkTrustedHosts('https://a.example,')).toHaveProperty('problem');
});
