import { QueueServiceClient } from '@azure/storage-queue';
import http from 'node:http';
import { createStorage, startAzurite } from '../local/startAzurite';
import { startFunctionsHost } from '../local/standIns';
import { makeBenchApp } from './benchApp';
import { benchEnvironment } from './benchEnvironment';
import { notificationBody } from './notifications';
import { ratioFigure, takePairs, type Figure } from './ratio';

const BAR = 1.15;
const PAIRS = 44;
/** How many POSTs make up one timing, so that both timings are well above the clock's grain. */
const POSTS: Record<number, number> = { 1: 8, 10: 3, 100: 1 };

/** The webhook through the host against a bare function in the same host. */
export async function measureAcknowledgement(root: string): Promise<Figure[]> {
  const folder = await makeBenchApp(root, 'acknowledgement');
  const azurite = await startAzurite({ root });
  const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
  try {
    await createStorage(azurite.connectionString);
    const host = await startFunctionsHost({
      root,
      appRoot: folder,
      env: benchEnvironment(azurite.connectionString),
    });
    try {
      const queue = QueueServiceClient.fromConnectionString(azurite.connectionString).getQueueClient(
        'print-notifications',
      );
      const send = (route: string, body: Buffer) => post(agent, `${host.url}/api/${route}`, body);
      await send('notifications', notificationBody(1));
      const { peekedMessageItems } = await queue.peekMessages();
      const [sample] = peekedMessageItems;
      if (!sample) throw new Error('The webhook stored no message');
      await send('bareMessage', Buffer.from(sample.messageText, 'base64'));

      const figures: Figure[] = [];
      for (const size of [1, 10, 100]) {
        const body = notificationBody(size);
        const time = async (route: string) => {
          await queue.clearMessages();
          const startedAt = performance.now();
          for (let count = 0; count < (POSTS[size] ?? 1); count += 1) await send(route, body);
          return performance.now() - startedAt;
        };
        const pairs = await takePairs(
          PAIRS,
          () => time('notifications'),
          () => time('bareNotifications'),
          4,
        );
        figures.push(ratioFigure(`ack_batch_${size}`, pairs, BAR));
      }
      return figures;
    } finally {
      await host.stop();
    }
  } finally {
    agent.destroy();
    await azurite.stop();
  }
}

/** One POST on a kept connection. @throws unless it is answered with 202 or 204 */
function post(agent: http.Agent, url: string, body: Buffer): Promise<void> {
  return new Promise((resolve, reject) => {
    const headers = { 'content-type': 'application/json', 'content-length': body.length };
    const request = http.request(url, { method: 'POST', agent, headers }, (answer) => {
      answer.resume();
      answer.once('end', () => {
        if (answer.statusCode === 202 || answer.statusCode === 204) resolve();
        else reject(new Error(`POST ${url} was answered with ${String(answer.statusCode)}`));
      });
    });
    request.once('error', reject);
    request.end(body);
  });
}
