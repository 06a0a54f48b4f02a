import { createHash } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { DocumentContainer } from '../../shared/storage/documents';

const PDF = { contentType: 'application/pdf', source: 'print/printers/p/jobs/5182/documents/d' };
const never = () => new AbortController().signal;

async function* contentOf(...texts: string[]): AsyncGenerator<Buffer> {
  for (const text of texts) {
    await delay(0);
    yield Buffer.from(text);
  }
}

/** What every DocumentContainer promises (shared/storage/documents.ts). `open` gives an empty container. */
export function documentContainerContract(name: string, open: () => Promise<DocumentContainer>): void {
  describe(`DocumentContainer: ${name}`, () => {
    let documents: DocumentContainer;
    beforeEach(async () => {
      documents = await open();
    });

    it('has no document at first', async () => {
      expect(await documents.find('t/p/5182/d')).toBeUndefined();
    });

    it('stores a document with its size and hash, an empty one too', async () => {
      const sha256 = createHash('sha256').update('onetwo').digest('hex');
      expect(await documents.store('t/p/5182/d', contentOf('one', 'two'), PDF, never())).toEqual({ size: 6, sha256 });
      expect(await documents.find('t/p/5182/d')).toEqual({ size: 6, sha256 });
      const empty = createHash('sha256').digest('hex');
      expect(await documents.store('empty', contentOf(), PDF, never())).toEqual({ size: 0, sha256: empty });
      expect(await documents.find('empty')).toEqual({ size: 0, sha256: empty });
    });

    it('never overwrites a document: the first one stays', async () => {
      const first = await documents.store('a', contentOf('first'), PDF, never());
      expect(await documents.store('a', contentOf('second one'), PDF, never())).toEqual(first);
      expect(await documents.find('a')).toEqual(first);
    });

    it('stores nothing of a document that breaks', async () => {
      async function* broken(): AsyncGenerator<Buffer> {
        yield Buffer.alloc(9 * 1024 * 1024);
        await delay(0);
        throw new Error('cut');
      }
      await expect(documents.store('a', broken(), PDF, never())).rejects.toThrow('cut');
      expect(await documents.find('a')).toBeUndefined();
      expect((await documents.store('a', contentOf('whole'), PDF, never())).size).toBe(5);
    });

    it('stores nothing after it was aborted', async () => {
      const aborted = AbortSignal.abort();
      await expect(documents.store('a', contentOf('text'), PDF, aborted)).rejects.toThrow();
      expect(await documents.find('a')).toBeUndefined();
    });

    it('stores documents of several blocks', async () => {
      const block = 'x'.repeat(8 * 1024 * 1024);
      const sha256 = createHash('sha256').update(`${block}${block}y`).digest('hex');
      const stored = await documents.store('a', contentOf(block, `${block}y`), PDF, never());
      expect(stored).toEqual({ size: 2 * block.length + 1, sha256 });
      expect(await documents.find('a')).toEqual(stored);
    });

    it('lists the documents of a prefix alone, in the order of their names, with the time of their storing', async () => {
      const before = Date.now();
      for (const stored of ['t1/p/2/d', 't2/p/1/d', 't1/p/1/d']) {
        await documents.store(stored, contentOf('x'), PDF, never());
      }
      const listed = [];
      for await (const one of documents.list('t1/')) listed.push(one);
      expect(listed.map(({ name: one }) => one)).toEqual(['t1/p/1/d', 't1/p/2/d']);
      // The service returns whole seconds.
      for (const { storedAt } of listed) {
        expect(storedAt).toBeGreaterThan(before - 2_000);
        expect(storedAt).toBeLessThan(before + 60_000);
      }
    });

    it('removes a document once, and its name can be stored again', async () => {
      await documents.store('a', contentOf('one'), PDF, never());
      expect(await documents.remove('a')).toBe(true);
      expect(await documents.find('a')).toBeUndefined();
      expect(await documents.remove('a')).toBe(false);
      expect((await documents.store('a', contentOf('three'), PDF, never())).size).toBe(5);
    });
  });
}
