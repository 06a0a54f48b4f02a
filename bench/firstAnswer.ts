import { QueueServiceClient } from '@azure/storage-queue';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { createStorage, startAzurite } from '../local/startAzurite';
import { startFunctionsHost } from '../local/standIns';
import { makeBenchApp } from './benchApp';
import { benchEnvironment } from './benchEnvironment';
import { notificationBody } from './notifications';
import { exactFigure, ratioFigure, takePairs, type Figure } from './ratio';

const BAR = 1.5;
const PAIRS = 30;

/** From process start to the first stored notification, against an app that does nothing but store one message. */
export async function measureFirstAnswer(root: string): Promise<Figure[]> {
  const hello = await makeBenchApp(root, 'helloWorld');
  const azurite = await startAzurite({ root });
  try {
    await createStorage(azurite.connectionString);
    const body = new Uint8Array(notificationBody(1));
    const queues = QueueServiceClient.fromConnectionString(azurite.connectionString);
    const time = async (appRoot: string) => {
      // What the last start left would be worked through during this one, and only by the app that has a worker.
      for (const name of ['print-notifications', 'print-notifications-poison'])
        await queues.getQueueClient(name).clearMessages();
      const startedAt = performance.now();
      const host = await startFunctionsHost({
        root,
        appRoot,
        env: benchEnvironment(azurite.connectionString),
      });
      try {
        const answer = await fetch(`${host.url}/api/notifications`, { method: 'POST', body });
        if (answer.status !== 202) throw new Error(`The first POST was answered with ${answer.status}`);
        return performance.now() - startedAt;
      } finally {
        await host.kill();
      }
    };
    const pairs = await takePairs(
      PAIRS,
      () => time(root),
      () => time(hello),
      2,
    );
    const kib = (await bundleBytes(join(root, 'dist', 'functions'))) / 1024;
    return [ratioFigure('first_answer', pairs, BAR), exactFigure('bundle_kib', Math.round(kib), 'KiB', null)];
  } finally {
    await azurite.stop();
  }
}

/** What is deployed of the build: all chunks, without source maps. */
async function bundleBytes(folder: string): Promise<number> {
  const names = (await readdir(folder, { recursive: true })).filter((name) => name.endsWith('.mjs'));
  const sizes = await Promise.all(names.map(async (name) => (await stat(join(folder, name))).size));
  return sizes.reduce((sum, size) => sum + size, 0);
}
