import { randomBytes } from 'node:crypto';

export interface LocalAddresses {
  readonly connectionString: string;
  /** Origin of Graph. */
  readonly graphUrl: string;
  readonly authorityUrl: string;
  readonly caFile: string;
  /** The app registration that the simulator knows. */
  readonly appId: string;
  readonly hostPort: number;
}

/** The settings of an app, or of a command, in the local cloud; `given` wins over all. */
export function localSettings(
  addresses: LocalAddresses,
  given: Readonly<Record<string, string>> = {},
): Record<string, string> {
  return {
    FUNCTIONS_WORKER_RUNTIME: 'node',
    AzureWebJobsStorage: addresses.connectionString,
    GRAPH_BASE_URL: `${addresses.graphUrl}/v1.0`,
    GRAPH_CREDENTIAL: 'development',
    ENTRA_AUTHORITY_HOST: addresses.authorityUrl,
    ENTRA_CLIENT_ID: addresses.appId,
    NODE_EXTRA_CA_CERTS: addresses.caFile,
    // 32 bytes is the least that a signing key may have.
    CLIENT_STATE_KEYS: `local1:${randomBytes(32).toString('base64')}`,
    PUBLIC_BASE_URL: `http://127.0.0.1:${addresses.hostPort}/api`,
    ...given,
  };
}
