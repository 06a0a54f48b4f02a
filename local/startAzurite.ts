import { TableServiceClient } from '@azure/data-tables';
import { BlobServiceClient } from '@azure/storage-blob';
import { QueueServiceClient } from '@azure/storage-queue';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onClock } from './clockFile';
import { baseEnvironment, startProcess, type RunningProcess } from './processes';

/**
 * The development account that Azurite and every storage SDK know. It is public, not a secret:
 * https://learn.microsoft.com/azure/storage/common/storage-connect-azurite (Well-known storage account and key).
 */
const ACCOUNT = 'devstoreaccount1';
const KEY = 'Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==';

/** Created once in Azure (README, Deploy). The deployed app has no permission to create them. */
const QUEUES = ['print-notifications', 'subscription-events', 'print-archive', 'print-job-events'];
/** Without a trigger, hence without a poison queue. */
const PLAIN_QUEUES = ['print-notifications-waiting', 'print-job-events-waiting', 'print-job-events-dead'];
const TABLES = ['Tenants', 'Subscriptions', 'PrintJobs', 'DeviceTokens'];
const CONTAINERS = ['config', 'documents'];

const SERVICES = ['blob', 'queue', 'table'] as const;

/** Origins, such as http://127.0.0.1:10000, of Azurite or of a proxy in front of it. */
type StorageUrls = Readonly<Record<(typeof SERVICES)[number], string>>;

export interface AzuriteOptions {
  /** The folder that holds node_modules and local/. */
  readonly root: string;
  /** A missing port means any free one. */
  readonly ports?: Partial<Readonly<Record<(typeof SERVICES)[number], number>>>;
  readonly clockFile?: string;
  /** Where storage is kept on disk. Without it, in memory. */
  readonly folder?: string;
}

export interface Azurite extends Omit<RunningProcess<unknown>, 'ready' | 'lines' | 'onLine'> {
  /** Origins, without the account. */
  readonly urls: StorageUrls;
  readonly connectionString: string;
}

/** Starts storage on 127.0.0.1. Throws ProcessStartError. PORT_TAKEN names the port. */
export async function startAzurite({ root, ports = {}, clockFile, folder }: AzuriteOptions): Promise<Azurite> {
  const { ready: urls, ...running } = await startProcess({
    name: 'Azurite',
    args: [
      ...['--require', join(root, 'local', 'stopWithStdin.cjs')],
      createRequire(join(root, 'package.json')).resolve('azurite/dist/src/azurite.js'),
      ...(folder === undefined ? ['--inMemoryPersistence'] : ['--location', folder]),
      ...['--disableTelemetry', '--silent'],
      // Azurite 3.35 is older than the API version that storage-queue 12.30 requests.
      '--skipApiVersionCheck',
      ...SERVICES.flatMap((service) => [
        ...[`--${service}Host`, '127.0.0.1', `--${service}Port`, `${ports[service] ?? 0}`],
      ]),
    ],
    env: onClock(root, clockFile, baseEnvironment()),
    cwd: tmpdir(),
    readyLine: collectUrls(),
  });
  return { ...running, urls, connectionString: connectionStringFor(urls) };
}

/** Azurite is ready after three lines, one per service, in any order. */
function collectUrls(): (line: string) => StorageUrls | undefined {
  const found: Record<string, string> = {};
  return (line) => {
    const match = /Azurite (Blob|Queue|Table) service is successfully listening at (http:\S+)/.exec(line);
    if (match) found[(match[1] ?? '').toLowerCase()] = match[2] ?? '';
    const { blob, queue, table } = found;
    return blob && queue && table ? { blob, queue, table } : undefined;
  };
}

/** The connection string of the development account at these origins (account name in the path). */
export function connectionStringFor({ blob, queue, table }: StorageUrls): string {
  return [
    `DefaultEndpointsProtocol=http;AccountName=${ACCOUNT};AccountKey=${KEY}`,
    `BlobEndpoint=${blob}/${ACCOUNT};QueueEndpoint=${queue}/${ACCOUNT};TableEndpoint=${table}/${ACCOUNT};`,
  ].join(';');
}

/** Creates the queues, their poison queues, the tables and the blob containers of the local cloud. May be called again. */
export async function createStorage(connectionString: string): Promise<void> {
  const blobs = BlobServiceClient.fromConnectionString(connectionString);
  const queues = QueueServiceClient.fromConnectionString(connectionString);
  const tables = TableServiceClient.fromConnectionString(connectionString, { allowInsecureConnection: true });
  await Promise.all([
    ...[...QUEUES.flatMap((name) => [name, `${name}-poison`]), ...PLAIN_QUEUES].map((name) =>
      queues.getQueueClient(name).createIfNotExists(),
    ),
    // createTable of this SDK succeeds if the table exists.
    ...TABLES.map((name) => tables.createTable(name)),
    ...CONTAINERS.map((name) => blobs.getContainerClient(name).createIfNotExists()),
  ]);
}
