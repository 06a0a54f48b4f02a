import { trustedOrigins } from '../settings/addresses';
import { isInAzure, isLoopback, isTelemetryHost } from '../settings/clouds';
import type { SettingsEnvironment } from '../settings/reader';

/** Where the exporter sends without an endpoint in the connection string. */
const DEFAULT_ENDPOINT = 'https://dc.services.visualstudio.com';

/**
 * The address that receives telemetry, and with `Authorization=AAD` the token of an identity. Undefined: its host is neither one
 * of Application Insights, nor named by TRUSTED_HOSTS, nor on loopback outside Azure. It comes from
 * APPLICATIONINSIGHTS_CONNECTION_STRING, without a slash at the end, and with https for http beyond loopback.
 */
export function trustedIngestion(env: SettingsEnvironment): string | undefined {
  const endpoint = endpointOf(env['APPLICATIONINSIGHTS_CONNECTION_STRING'] ?? '');
  if (isLoopback(endpoint)) return isInAzure(env) ? undefined : endpoint;
  const address = endpoint.replace(/^http:/i, 'https:');
  if (!URL.canParse(address)) return undefined;
  const { protocol, origin } = new URL(address);
  if (protocol !== 'https:') return undefined;
  const isKnown = origin === DEFAULT_ENDPOINT || isTelemetryHost(address);
  return isKnown || trustedOrigins(env['TRUSTED_HOSTS']).includes(origin) ? address : undefined;
}

/** The keys that name an endpoint (https://learn.microsoft.com/azure/azure-monitor/app/connection-strings#schema). */
function endpointOf(connectionString: string): string {
  const fields = new Map<string, string>();
  for (const field of connectionString.split(';')) {
    const [key = '', value = ''] = field.split('=');
    fields.set(key.trim().toLowerCase(), value.trim());
  }
  const [explicit, suffix, location] = ['ingestionendpoint', 'endpointsuffix', 'location'].map((key) =>
    fields.get(key),
  );
  const bySuffix = suffix ? `https://${location ? `${location}.` : ''}dc.${suffix}` : DEFAULT_ENDPOINT;
  return (explicit || bySuffix).replace(/\/$/, '');
}
