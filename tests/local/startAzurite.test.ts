import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { QueueServiceClient } from '@azure/storage-queue';
import { createClockFile } from '../../local/clockFile';
import { createStorage, startAzurite } from '../../local/startAzurite';

// Programs start slowly on a busy machine.
jest.setTimeout(30_000);

const root = join(__dirname, '..', '..');

test('storage runs, may be made twice, follows the clock, refuses a taken port, and stops', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'azurite-test-'));
  const clock = createClockFile(join(folder, 'offset'));
  const azurite = await startAzurite({ root, clockFile: clock.path });
  try {
    await createStorage(azurite.connectionString);
    await createStorage(azurite.connectionString);

    // A Date shim moves Azurite's visibility. Visibility of a received message is at most 7 days.
    const queue = QueueServiceClient.fromConnectionString(azurite.connectionString).getQueueClient('print-job-events');
    await queue.sendMessage('hidden', { visibilityTimeout: 3600 });
    expect((await queue.receiveMessages()).receivedMessageItems).toHaveLength(0);
    clock.move(3600_000);
    expect((await queue.receiveMessages()).receivedMessageItems).toHaveLength(1);

    const port = Number(new URL(azurite.urls.queue).port);
    await expect(startAzurite({ root, ports: { queue: port } })).rejects.toMatchObject({
      code: 'PORT_TAKEN',
      message: expect.stringContaining(`port ${port} is already in use`) as string,
    });
  } finally {
    await azurite.stop();
    clock.remove();
    rmSync(folder, { recursive: true, force: true });
  }
  expect(() => process.kill(azurite.pid, 0)).toThrow('ESRCH');
});

test('a program that does not watch its standard input ends with it all the same', async () => {
  // What startAzurite preloads, so that storage does not outlive a killed parent.
  const preload = join(root, 'local', 'stopWithStdin.cjs');
  const child = spawn(process.execPath, ['--require', preload, '-e', 'setInterval(() => undefined, 1000)']);
  const ended = new Promise((resolve) => child.once('exit', (_code, signal) => resolve(signal)));
  child.stdin.end();
  expect(await ended).toBe('SIGTERM');
});
