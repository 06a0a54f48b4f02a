/** What a check of a setting says: the parsed value, or what is wrong, as the end of a sentence that begins with its name. */
export type Checked<T> = { value: T } | { problem: string };

/**
 * Microsoft's clouds that have Universal Print, with the hosts that belong together (concepts/deployments.md). The
 * credential of the app is sent to the sign-in host, its tokens to Graph, and everything it knows to storage.
 */
const CLOUDS = [
  {
    graph: 'https://graph.microsoft.com',
    signIn: 'https://login.microsoftonline.com',
    storageSuffix: 'core.windows.net',
    eventGridSuffix: 'eventgrid.azure.net',
    telemetrySuffix: 'applicationinsights.azure.com',
  },
  {
    graph: 'https://graph.microsoft.us',
    signIn: 'https://login.microsoftonline.us',
    storageSuffix: 'core.usgovcloudapi.net',
    eventGridSuffix: 'eventgrid.azure.us',
    telemetrySuffix: 'applicationinsights.azure.us',
  },
  {
    graph: 'https://dod-graph.microsoft.us',
    signIn: 'https://login.microsoftonline.us',
    storageSuffix: 'core.usgovcloudapi.net',
    eventGridSuffix: 'eventgrid.azure.us',
    telemetrySuffix: 'applicationinsights.azure.us',
  },
] as const;

type Cloud = (typeof CLOUDS)[number];

/** The storage suffix of an account whose connection string names none. */
export const DEFAULT_STORAGE_SUFFIX = CLOUDS[0].storageSuffix;

/** Every sign-in host of these clouds. */
export const SIGN_IN_HOSTS: readonly string[] = [...new Set(CLOUDS.map(({ signIn }) => signIn))];

/**
 * An address of the settings, with what the app uses it for. `own`: where Graph reaches the app. `webhook`: where the
 * vendor receives events, which is a host of any name.
 */
export interface Address {
  /** The setting that it comes from. */
  readonly name: string;
  readonly role: 'graph' | 'signIn' | 'storage' | 'eventGrid' | 'own' | 'webhook';
  readonly url: string;
}

export interface HostRules {
  /** Origins that the setting TRUSTED_HOSTS names. */
  readonly trusted: readonly string[];
  /** Whether the app runs in Azure, where nothing of this machine is a service of ours. */
  readonly inAzure: boolean;
}

/**
 * Says which addresses must not receive credentials and data. Each one is on loopback (never in Azure), named exactly by
 * TRUSTED_HOSTS, or of the same cloud as the others. The first known host decides which cloud that is, whatever its role.
 *
 * @returns one sentence per problem, with the name of the setting
 */
export function checkHosts(addresses: readonly Address[], { trusted, inAzure }: HostRules): string[] {
  const problems = new Set<string>();
  // Two clouds share their sign-in host, so more than one may be left.
  let clouds: readonly Cloud[] = CLOUDS;
  for (const address of addresses) {
    const { name, role, url } = address;
    if (isLoopback(url)) {
      if (inAzure) problems.add(`${name} is on loopback, where Azure has no service: set it to the real address`);
    } else if (role !== 'own' && role !== 'webhook') {
      const same = clouds.filter((cloud) => isHost(url, hostOf(cloud, role)));
      if (same.length > 0) clouds = same;
      else if (!trusted.includes(originOf(url))) {
        const expected = [...new Set(clouds.map((cloud) => hostOf(cloud, role)))];
        problems.add(`${name} is not ${expected.join(' or ')}: correct it, or add its origin to TRUSTED_HOSTS`);
      }
    }
  }
  return [...problems];
}

/** Whether this is a host of Application Insights, in any of the clouds. */
export function isTelemetryHost(url: string): boolean {
  return CLOUDS.some(({ telemetrySuffix }) => isHost(url, `https://*.${telemetrySuffix}`));
}

/** The origin that belongs to a role in a cloud. `*` stands for what differs by storage account or topic. */
function hostOf(cloud: Cloud, role: 'graph' | 'signIn' | 'storage' | 'eventGrid'): string {
  if (role === 'storage') return `https://*.${cloud.storageSuffix}`;
  return role === 'eventGrid' ? `https://*.${cloud.eventGridSuffix}` : cloud[role];
}

function isHost(url: string, expected: string): boolean {
  const [, suffix] = expected.split('*');
  return suffix === undefined ? originOf(url) === expected : new URL(url).hostname.endsWith(suffix);
}

/**
 * Whether this process runs in Azure: each plan sets one of these names (ScriptSettings of azure-functions-host). Containers
 * elsewhere are named by CONTAINER_NAME too, so this one counts only beside the name of the app, which Azure sets.
 */
export function isInAzure(env: Readonly<Record<string, string | undefined>>): boolean {
  const isSet = (name: string) => Boolean(env[name]);
  return (
    ['WEBSITE_INSTANCE_ID', 'WEBSITE_POD_NAME'].some(isSet) || ['CONTAINER_NAME', 'WEBSITE_SITE_NAME'].every(isSet)
  );
}

/** True for addresses of this machine, where plain http and the development credential are allowed. */
export function isLoopback(value: string): boolean {
  const host = URL.canParse(value) ? new URL(value).hostname : undefined;
  return host !== undefined && (host === 'localhost' || host === '[::1]' || /^127(\.\d{1,3}){3}$/.test(host));
}

function originOf(url: string): string {
  return new URL(url).origin;
}
