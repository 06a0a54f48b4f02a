import type { MessageQueue } from '../../shared/storage/queues';

export interface OpenedQueue {
  queue: MessageQueue;
  /** The texts that a consumer would receive now, in any order. */
  visible(): Promise<string[]>;
}

/** What every MessageQueue promises (shared/storage/messageQueue.ts). `open` gives an empty queue. */
export function messageQueueContract(name: string, open: () => Promise<OpenedQueue>): void {
  describe(`MessageQueue: ${name}`, () => {
    let opened: OpenedQueue;
    beforeEach(async () => {
      opened = await open();
    });

    it('has stored the text, byte for byte, when send resolves', async () => {
      const texts = ['{"event":{"v":1}}', 'Zeile\n"🖨" <&>', 'x'.repeat(48 * 1024)];
      for (const text of texts) await opened.queue.send(text);
      expect((await opened.visible()).sort()).toEqual([...texts].sort());
    });

    it('keeps a repeated text twice', async () => {
      await Promise.all([opened.queue.send('same'), opened.queue.send('same')]);
      expect(await opened.visible()).toEqual(['same', 'same']);
    });

    it('hides a delayed message', async () => {
      await opened.queue.send('later', { delaySeconds: 600 });
      await opened.queue.send('now', { delaySeconds: 0 });
      expect(await opened.visible()).toEqual(['now']);
    });

    it('rejects and stores nothing when the signal is aborted already', async () => {
      await expect(opened.queue.send('x', { signal: AbortSignal.abort() })).rejects.toBeDefined();
      expect(await opened.visible()).toEqual([]);
    });
  });
}
