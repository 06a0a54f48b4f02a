import { BlobServiceClient } from '@azure/storage-blob';
import { QueueServiceClient } from '@azure/storage-queue';
import { HostError } from './hostError';

/** The SDKs read this short form as the default Azurite ports (blob 10000, queue 10001). */
const DEVELOPMENT_STORAGE = 'UseDevelopmentStorage=true';

/**
 * The connection string behind a connection name: the setting itself or `AzureWebJobs<name>`. Throws HostError
 * `bad_settings` when neither is set.
 */
function connectionString(env: NodeJS.ProcessEnv, connection: string): string {
  const value = env[connection] ?? env[`AzureWebJobs${connection}`];
  if (value === undefined || value === '')
    throw new HostError(
      'bad_settings',
      `Setting ${connection} is missing: the local host needs a connection string there, such as "${DEVELOPMENT_STORAGE}". Identity connections (${connection}__queueServiceUri) work in Azure only.`,
    );
  return value;
}

/** Queue service of a named connection. */
export function queueService(env: NodeJS.ProcessEnv, connection: string): QueueServiceClient {
  return QueueServiceClient.fromConnectionString(connectionString(env, connection));
}

/** Blob service of the host's own storage, where timers keep their status and locks. */
export function hostBlobService(env: NodeJS.ProcessEnv): BlobServiceClient {
  return BlobServiceClient.fromConnectionString(connectionString(env, 'AzureWebJobsStorage'));
}
