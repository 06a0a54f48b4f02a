import type { BlobContainer } from '../../shared/storage/blobs';

const MOST = { mostBytes: 256 * 1024 };

/** What every BlobContainer promises (shared/storage/blobs.ts). `open` gives an empty container. */
export function blobContainerContract(name: string, open: () => Promise<BlobContainer>): void {
  describe(`BlobContainer: ${name}`, () => {
    let blobs: BlobContainer;
    beforeEach(async () => {
      blobs = await open();
    });

    it('has no blob at first', async () => {
      expect(await blobs.read('rules/default.json', MOST)).toBeUndefined();
    });

    it('reads what was written, character for character, with its ETag', async () => {
      for (const text of ['{"a":"Zeile\\n🖨"}\n', '']) {
        const etag = await blobs.write(`rules/${text.length}.json`, text);
        expect(await blobs.read(`rules/${text.length}.json`, MOST)).toEqual({ text, etag });
      }
    });

    it('reads again only what has changed', async () => {
      const etag = (await blobs.write('a', 'one')) ?? '';
      expect(await blobs.read('a', { ...MOST, unless: etag })).toBe('unchanged');
      const newer = await blobs.write('a', 'two', etag);
      expect(newer).not.toBe(etag);
      expect(await blobs.read('a', { ...MOST, unless: etag })).toEqual({ text: 'two', etag: newer });
    });

    it('writes over a version only when it is named', async () => {
      const etag = await blobs.write('a', 'one');
      expect(await blobs.write('a', 'two')).toBeUndefined();
      expect(await blobs.write('a', 'two', '"0x0"')).toBeUndefined();
      expect(await blobs.write('b', 'two', '"0x0"')).toBeUndefined();
      expect(await blobs.read('a', MOST)).toEqual({ text: 'one', etag });
    });

    it('deletes a blob, which can be written again', async () => {
      await blobs.write('a', 'one');
      expect(await blobs.remove('a')).toBe(true);
      expect(await blobs.remove('a')).toBe(false);
      expect(await blobs.read('a', MOST)).toBeUndefined();
      expect(await blobs.write('a', 'two')).toEqual(expect.any(String));
    });

    it('shows that a blob is too large without reading all of it', async () => {
      await blobs.write('large', 'x'.repeat(2_000_000));
      const read = await blobs.read('large', { mostBytes: 1000 });
      const { length } = typeof read === 'object' ? read.text : '';
      expect(length).toBeGreaterThan(1000);
      expect(length).toBeLessThan(2_000_000);
    });
  });
}
