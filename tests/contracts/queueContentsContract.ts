import { setTimeout as delay } from 'node:timers/promises';
import type { MessageQueue } from '../../shared/storage/queues';
import type { QueueContents, TakenMessage } from '../../shared/storage/queueContents';

export interface OpenedContents {
  queue: MessageQueue;
  contents: QueueContents;
}

/** What every QueueContents promises (shared/storage/queueContents.ts). `open` gives an empty queue. */
export function queueContentsContract(name: string, open: () => Promise<OpenedContents>): void {
  describe(`QueueContents: ${name}`, () => {
    let queue: MessageQueue;
    let contents: QueueContents;
    beforeEach(async () => {
      ({ queue, contents } = await open());
    });

    const only = async (): Promise<TakenMessage> => {
      const [message, ...others] = await contents.take(60);
      if (!message || others.length > 0) throw new Error('not exactly one message');
      return message;
    };

    it('shows an empty queue', async () => {
      expect([await contents.count(), await contents.peek(), await contents.take(60)]).toEqual([0, [], []]);
    });

    it('takes at most 32 at a time, each hidden from the next taking, all still counted', async () => {
      for (let sent = 0; sent < 34; sent += 1) await queue.send(`text ${sent}`);
      const seen = await contents.peek();
      expect(seen).toHaveLength(32);
      expect(seen[0]).toMatchObject({ text: 'text 0', insertedAt: expect.any(Number) as number });
      const taken = [await contents.take(60), await contents.take(60), await contents.take(60)];
      expect(taken.map(({ length }) => length)).toEqual([32, 2, 0]);
      expect(new Set(taken.flat().map(({ text }) => text)).size).toBe(34);
      expect(await contents.count()).toBe(34);
      expect(await contents.peek()).toEqual([]);
    });

    it('tells the time by the clock of its messages', async () => {
      await queue.send('x');
      const { insertedAt } = await only();
      expect(await contents.now()).toBeGreaterThanOrEqual(insertedAt);
    });

    it('puts a message back under the same id with its text', async () => {
      await queue.send('Zeile\n"🖨" <&>');
      const first = await only();
      expect(await contents.show(first)).toBe(true);
      const second = await only();
      expect(second).toMatchObject({ id: first.id, text: 'Zeile\n"🖨" <&>', insertedAt: first.insertedAt });
    });

    it('shows a message after a while, and keeps the time of its insertion', async () => {
      await queue.send('x');
      const first = await only();
      expect(await contents.show(first, 1)).toBe(true);
      expect(await contents.take(60)).toEqual([]);
      await delay(2_000);
      expect(await only()).toMatchObject({ id: first.id, text: 'x', insertedAt: first.insertedAt });
    });

    it('keeps a message hidden for longer, with a new receipt in place of the old one', async () => {
      await queue.send('x');
      const first = await only();
      const kept = await contents.keep(first, 60);
      expect(kept).toMatchObject({ id: first.id, text: 'x', insertedAt: first.insertedAt });
      expect(await contents.take(60)).toEqual([]);
      expect(await contents.remove(first)).toBe(false);
      expect(await contents.keep(first, 60)).toBeUndefined();
      expect(kept && (await contents.remove(kept))).toBe(true);
    });

    it('removes a message, once', async () => {
      await queue.send('x');
      const message = await only();
      expect(await contents.remove(message)).toBe(true);
      expect(await contents.remove(message)).toBe(false);
      expect(await contents.show(message)).toBe(false);
      expect(await contents.count()).toBe(0);
    });

    it('neither removes nor puts back what somebody else holds by now', async () => {
      await queue.send('x');
      const message = await only();
      await contents.show(message);
      await only();
      expect(await contents.remove(message)).toBe(false);
      expect(await contents.show(message)).toBe(false);
      expect(await contents.count()).toBe(1);
    });
  });
}
