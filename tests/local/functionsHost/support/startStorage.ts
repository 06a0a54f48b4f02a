import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BlobServiceClient, type ContainerClient } from '@azure/storage-blob';
import { QueueServiceClient, type QueueClient } from '@azure/storage-queue';
import { createClockFile, type ClockFile } from '../../../../local/clockFile';
import { startAzurite } from '../../../../local/startAzurite';
import { eventually } from '../../../support/eventually';
import { buildHost, repository } from './buildHost';
import { startHost, type TestHost } from './startHost';

interface Wanted {
  /** The functions that run. The others are disabled. */
  readonly only: readonly string[];
  readonly queue?: string;
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** `endHosts` leaves it running. */
  readonly isKept?: boolean;
}

/** Storage for the hosts of one test file. Storage and hosts follow one clock. */
export interface TestStorage {
  readonly clock: ClockFile;
  readonly queues: QueueServiceClient;
  /** The container in which hosts keep their timers and locks. */
  readonly hostBlobs: ContainerClient;
  createQueue(name: string): Promise<QueueClient>;
  start(wanted: Wanted): Promise<TestHost>;
  /** Ends the hosts that were started since the last call. */
  endHosts(how: 'stop' | 'kill'): Promise<void>;
  remove(): Promise<void>;
}

export async function startStorage(): Promise<TestStorage> {
  const host = buildHost();
  const folder = mkdtempSync(join(tmpdir(), 'host-storage-'));
  const clock = createClockFile(join(folder, 'clock'));
  const azurite = await startAzurite({ root: repository, clockFile: clock.path });
  const { connectionString } = azurite;
  const queues = QueueServiceClient.fromConnectionString(connectionString);
  const running = new Set<TestHost>();
  return {
    clock,
    queues,
    hostBlobs: BlobServiceClient.fromConnectionString(connectionString).getContainerClient('azure-webjobs-hosts'),
    async createQueue(name) {
      const client = queues.getQueueClient(name);
      await client.create();
      return client;
    },
    async start({ only, queue = 'work', args = [], env = {}, isKept = false }) {
      const off = ['work', 'hourly', 'often', 'starting'].filter((name) => !only.includes(name));
      const started = await startHost({
        file: host.file,
        args: ['--settings', 'none', ...args],
        preload: [join(repository, 'local', 'clock.cjs')],
        env: {
          CLOCK_FILE: clock.path,
          AzureWebJobsStorage: connectionString,
          WORK_QUEUE: queue,
          HOURLY: '0 0 * * * *',
          ...Object.fromEntries(off.map((name) => [`AzureWebJobs.${name}.Disabled`, '1'])),
          ...env,
        },
      });
      if (!isKept) running.add(started);
      return started;
    },
    async endHosts(how) {
      await Promise.all([...running].map((one) => one.process[how]()));
      running.clear();
    },
    async remove() {
      await azurite.stop();
      clock.remove();
      rmSync(folder, { recursive: true, force: true });
      host.remove();
    },
  };
}

export const encode = (message: unknown) => Buffer.from(JSON.stringify(message)).toString('base64');

/** Messages in the queue, visible or not. */
export const count = async (client: QueueClient) => (await client.getProperties()).approximateMessagesCount ?? 0;

export const untilEmpty = (client: QueueClient) =>
  eventually('an empty queue', async () => ((await count(client)) === 0 ? true : undefined));

/** Resolves once the host runs nothing. */
export const untilIdle = ({ url }: TestHost) =>
  eventually('an idle host', async () => {
    const { running } = (await (await fetch(`${url}/admin/host/status`)).json()) as { running: number };
    return running === 0 ? true : undefined;
  });
