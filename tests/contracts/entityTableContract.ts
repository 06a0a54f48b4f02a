import { setTimeout as delay } from 'node:timers/promises';
import type { EntityTable, ListOptions, Row } from '../../shared/storage/entityTable';

/** What every EntityTable promises (shared/storage/entityTable.ts). `open` gives an empty table. */
export function entityTableContract(name: string, open: () => Promise<EntityTable>): void {
  describe(`EntityTable: ${name}`, () => {
    let table: EntityTable;
    const row = (replaced: Partial<Row> = {}): Row => ({
      partitionKey: 'p',
      rowKey: 'r',
      text: 'a',
      ...replaced,
    });
    const etagOf = async (rowKey = 'r') => (await table.get('p', rowKey))?.etag ?? '';
    const keysOf = async (partitionKey?: string) => {
      const keys: unknown[] = [];
      for await (const { cells } of table.list(partitionKey))
        keys.push(`${String(cells['partitionKey'])}/${String(cells['rowKey'])}`);
      return keys;
    };

    beforeEach(async () => {
      table = await open();
    });

    it('has no row that nobody wrote', async () => {
      expect(await table.get('p', 'r')).toBeUndefined();
      expect(await keysOf()).toEqual([]);
    });

    it('says how old a row is by the clock of the service alone', async () => {
      await table.insert(row());
      const found = [await table.get('p', 'r')];
      for await (const listed of table.list('p')) found.push(listed);
      expect(found).toHaveLength(2);
      for (const stored of found) {
        const ageMs = (stored?.readAt ?? NaN) - Date.parse(String(stored?.cells['timestamp']));
        // The header Date has whole seconds.
        expect(Math.abs(ageMs)).toBeLessThan(10_000);
      }
    });

    it('gives back texts, numbers and booleans as they were, and no cell that was undefined', async () => {
      const cells = {
        text: 'Zeile\n"🖨"',
        empty: '',
        whole: 42,
        negative: -1,
        fraction: 0.25,
        milliseconds: 1_795_000_000_000,
        yes: true,
        no: false,
      };
      const etag = await table.insert(row({ ...cells, absent: undefined }));
      const stored = await table.get('p', 'r');
      expect(stored?.cells).toMatchObject({ partitionKey: 'p', rowKey: 'r', ...cells });
      expect(stored?.cells).not.toHaveProperty('absent');
      expect(stored?.etag).toBe(etag);
    });

    it('lets exactly one of many inserts through', async () => {
      const results = await Promise.all(Array.from({ length: 8 }, (_, n) => table.insert(row({ text: String(n) }))));
      const won = results.flatMap((etag, n) => (etag === undefined ? [] : [n]));
      expect(won).toHaveLength(1);
      expect((await table.get('p', 'r'))?.cells).toMatchObject({ text: String(won[0]) });
    });

    it('replaces the whole row under its ETag and gives the new one', async () => {
      await table.insert(row({ old: 1 }));
      const before = await etagOf();
      const after = await table.replace(row({ text: 'b' }), before);
      const stored = await table.get('p', 'r');
      expect(after).toEqual(expect.any(String));
      expect(after).not.toBe(before);
      expect(stored).toMatchObject({ cells: { text: 'b' }, etag: after });
      expect(stored?.cells).not.toHaveProperty('old');
    });

    it('lets exactly one of many replaces of the same reading through', async () => {
      await table.insert(row());
      const etag = await etagOf();
      const results = await Promise.all(Array.from({ length: 8 }, (_, n) => table.replace(row({ n }), etag)));
      expect(results.filter((result) => result !== undefined)).toHaveLength(1);
    });

    it('replaces many rows of a partition, and gives their new ETags in order', async () => {
      const keys = Array.from({ length: 100 }, (_, n) => `r${n}`);
      for (const rowKey of keys) await table.insert(row({ rowKey }));
      const changes = await Promise.all(
        keys.map(async (rowKey) => ({
          row: row({ rowKey, text: `new ${rowKey}` }),
          etag: await etagOf(rowKey),
        })),
      );
      const etags = await table.replaceEach(changes);
      const now = await Promise.all(keys.map((rowKey) => table.get('p', rowKey)));
      expect(now.map((stored) => stored?.cells['text'])).toEqual(keys.map((rowKey) => `new ${rowKey}`));
      expect(now.map((stored) => stored?.etag)).toEqual(etags);
      expect(await table.replaceEach([])).toEqual([]);
    });

    it('replaces the others of many when one has changed and one is gone', async () => {
      for (const rowKey of ['changed', 'gone', 'kept']) await table.insert(row({ rowKey }));
      const changes = await Promise.all(
        ['changed', 'gone', 'kept'].map(async (rowKey) => ({
          row: row({ rowKey, text: 'mine' }),
          etag: await etagOf(rowKey),
        })),
      );
      await table.replace(row({ rowKey: 'changed', text: 'theirs' }), await etagOf('changed'));
      await table.remove('p', 'gone', await etagOf('gone'));
      const etags = await table.replaceEach(changes);
      expect(etags).toEqual([undefined, undefined, await etagOf('kept')]);
      expect((await table.get('p', 'changed'))?.cells['text']).toBe('theirs');
      expect((await table.get('p', 'kept'))?.cells['text']).toBe('mine');
    });

    it('writes several changes of one partition in one transaction', async () => {
      await table.insert(row({ rowKey: 'changed' }));
      await table.insert(row({ rowKey: 'removed' }));
      const etags = await table.write([
        { insert: row({ rowKey: 'new' }) },
        { replace: row({ rowKey: 'changed', text: 'b' }), etag: await etagOf('changed') },
        { remove: { partitionKey: 'p', rowKey: 'removed' } },
      ]);
      expect(await keysOf('p')).toEqual(['p/changed', 'p/new']);
      expect((await table.get('p', 'changed'))?.cells['text']).toBe('b');
      expect(etags?.slice(0, 2)).toEqual([await etagOf('new'), await etagOf('changed')]);
    });

    it.each([
      ['a row to insert exists', () => Promise.resolve({ insert: row({ rowKey: 'kept' }) })],
      ['a row to replace has changed', () => Promise.resolve({ replace: row({ rowKey: 'kept' }), etag: 'W/"0"' })],
      ['a row to replace is gone', () => Promise.resolve({ replace: row({ rowKey: 'gone' }), etag: 'W/"0"' })],
      ['a row to remove is gone', () => Promise.resolve({ remove: { partitionKey: 'p', rowKey: 'gone' } })],
    ])('writes none of several changes when %s', async (_name, conflict) => {
      await table.insert(row({ rowKey: 'kept' }));
      const before = await etagOf('kept');
      expect(await table.write([{ insert: row({ rowKey: 'new' }) }, await conflict()])).toBeUndefined();
      expect(await keysOf('p')).toEqual(['p/kept']);
      expect(await etagOf('kept')).toBe(before);
    });

    it('does not replace or remove a row that has changed or is gone', async () => {
      await table.insert(row());
      const old = await etagOf();
      await table.replace(row({ text: 'b' }), old);
      expect(await table.replace(row({ text: 'c' }), old)).toBeUndefined();
      expect(await table.remove('p', 'r', old)).toBe(false);
      expect((await table.get('p', 'r'))?.cells).toMatchObject({ text: 'b' });
      expect(await table.remove('p', 'r', await etagOf())).toBe(true);
      expect(await table.get('p', 'r')).toBeUndefined();
      expect(await table.remove('p', 'r', old)).toBe(false);
      expect(await table.replace(row(), old)).toBeUndefined();
    });

    it('lets a removed row be inserted again', async () => {
      await table.insert(row());
      await table.remove('p', 'r', await etagOf());
      expect(await table.insert(row())).toEqual(expect.any(String));
    });

    it('lists a partition, or everything, in the order of the keys', async () => {
      for (const [partitionKey, rowKey] of [
        ['q', '1'],
        ['p', '2'],
        ['p', '1'],
        ["o'neil", '1'],
      ] as const) {
        await table.insert(row({ partitionKey, rowKey }));
      }
      expect(await keysOf('p')).toEqual(['p/1', 'p/2']);
      expect(await keysOf("o'neil")).toEqual(["o'neil/1"]);
      expect(await keysOf('none')).toEqual([]);
      expect(await keysOf()).toEqual(["o'neil/1", 'p/1', 'p/2', 'q/1']);
    });

    it('lists the rows between two keys alone, both left out', async () => {
      for (const rowKey of ['a_1', 'a_2', 'a_3', 'a_4', 'b_1']) await table.insert(row({ rowKey }));
      const keys: unknown[] = [];
      const between = { rowKeyPrefix: 'a_', after: 'a_1', before: 'a_4' };
      for await (const { cells } of table.list('p', between)) keys.push(cells['rowKey']);
      expect(keys).toEqual(['a_2', 'a_3']);
    });

    it('lists the rows that were written in a time range alone, by the clock of the service', async () => {
      await table.insert(row({ rowKey: 'before' }));
      await delay(20);
      await table.insert(row({ rowKey: 'after' }));
      const written = String((await table.get('p', 'after'))?.cells['timestamp']);
      // The service writes seven digits of a second.
      const time = new Date(written).toISOString();
      const keys = async (options: ListOptions) => {
        const found: unknown[] = [];
        for await (const { cells } of table.list('p', options)) found.push(cells['rowKey']);
        return found;
      };
      expect(await keys({ writtenFrom: time })).toEqual(['after']);
      expect(await keys({ writtenBefore: time })).toEqual(['before']);
      expect(await keys({ rowKeyPrefix: 'b', writtenFrom: '2020-01-01T00:00:00.000Z' })).toEqual(['before']);
    });

    it('lists the first rows alone', async () => {
      for (const rowKey of ['a_1', 'a_2', 'a_3']) await table.insert(row({ rowKey }));
      const keys: unknown[] = [];
      const options = { rowKeyPrefix: 'a_', most: 2, cells: [] };
      for await (const { cells } of table.list('p', options)) keys.push(cells['rowKey']);
      expect(keys).toEqual(['a_1', 'a_2']);
    });

    it('lists the rows of a prefix alone, with the cells asked for and the ETag', async () => {
      for (const rowKey of ['a_1', 'a_2', 'a', 'a`3', 'b_1']) await table.insert(row({ rowKey, big: 'x', n: 1 }));
      await table.insert(row({ partitionKey: 'q', rowKey: 'a_1' }));
      const seen: unknown[] = [];
      const etags: string[] = [];
      for await (const { cells, etag } of table.list('p', {
        rowKeyPrefix: 'a_',
        cells: ['text', 'absent'],
      })) {
        const { partitionKey, rowKey, text, big, n } = cells;
        seen.push([partitionKey, rowKey, text, big, n]);
        etags.push(etag);
      }
      expect(seen).toEqual([
        ['p', 'a_1', 'a', undefined, undefined],
        ['p', 'a_2', 'a', undefined, undefined],
      ]);
      expect(etags).toEqual([await etagOf('a_1'), await etagOf('a_2')]);
    });

    it('reads a row with the cells asked for alone, its ETag and its age', async () => {
      await table.insert(row({ text: 'a', big: 'b' }));
      const whole = await table.get('p', 'r');
      const stored = await table.get('p', 'r', ['text', 'timestamp', 'absent']);
      expect(stored?.cells).toMatchObject({ partitionKey: 'p', rowKey: 'r', text: 'a' });
      expect(stored?.cells).not.toHaveProperty('big');
      expect(stored?.cells['timestamp']).toBe(whole?.cells['timestamp']);
      expect(stored?.etag).toBe(whole?.etag);
      expect(stored?.readAt).toEqual(expect.any(Number));
    });

    it('keeps rows with the same RowKey of two partitions apart', async () => {
      await table.insert(row({ partitionKey: 'p' }));
      expect(await table.insert(row({ partitionKey: 'q', text: 'other' }))).toEqual(expect.any(String));
      expect((await table.get('p', 'r'))?.cells).toMatchObject({ text: 'a' });
    });
  });
}
