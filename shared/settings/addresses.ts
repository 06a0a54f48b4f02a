import { isLoopback, type Checked } from './clouds';

/** The routes of the app, which the settings name without. */
const ROUTE = /\/(notifications|lifecycle|consent|health|status)$/i;

/** The root of Graph with its version and without a slash at the end, such as `https://graph.microsoft.com/v1.0`. */
export function checkGraphBaseUrl(text: string): Checked<string> {
  return checkUrl(text, 'https://graph.microsoft.com/v1.0', (path) => {
    if (path === '') return 'has no version: add /v1.0 or /beta';
    if (/^\/(v1\.0|beta)$/.test(path)) return undefined;
    return 'has a path other than its version: let it end with /v1.0 or /beta';
  });
}

/** An origin without a path, such as `https://login.microsoftonline.com`. */
export function checkOrigin(text: string, example: string): Checked<string> {
  return checkUrl(text, example, (path) => (path === '' ? undefined : 'has a path: remove it, such as the tenant'));
}

/** Where Graph reaches the app: origin and route prefix, without a slash at the end. */
export function checkPublicBaseUrl(text: string): Checked<string> {
  return checkUrl(text, 'https://<app>.azurewebsites.net/api', (path) => {
    const route = ROUTE.exec(path)?.[0];
    return route === undefined ? undefined : `ends with a route of the app: remove ${route}`;
  });
}

/** The value of TRUSTED_HOSTS: origins, separated by commas. */
export function checkTrustedHosts(text: string): Checked<readonly string[]> {
  const origins: string[] = [];
  for (const part of text.split(',')) {
    const checked = checkOrigin(part.trim(), 'https://graph.example');
    if ('problem' in checked) return checked;
    origins.push(new URL(checked.value).origin);
  }
  return { value: origins };
}

/** The same for what works while settings are wrong. A value that is wrong names no host. */
export function trustedOrigins(text: string | undefined): readonly string[] {
  const checked = checkTrustedHosts(text ?? '');
  return 'value' in checked ? checked.value : [];
}

/**
 * A URL without user, query and fragment, over https or on loopback.
 *
 * @param checkPath the problem of its path, which comes without a slash at the end
 */
function checkUrl(text: string, example: string, checkPath: (path: string) => string | undefined): Checked<string> {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const isSafe = url?.protocol === 'https:' || (url?.protocol === 'http:' && isLoopback(text));
  if (!url || !isSafe) return { problem: `is not an https URL (plain http only on loopback), e.g. ${example}` };
  if (url.username !== '' || url.password !== '') return { problem: 'has a user name: remove it' };
  if (url.search !== '' || url.hash !== '' || /[?#]/.test(text))
    return { problem: 'has a query or fragment: remove it' };
  const path = url.pathname.replace(/\/+$/, '');
  const problem = checkPath(path);
  return problem === undefined ? { value: `${url.origin}${path}` } : { problem };
}
