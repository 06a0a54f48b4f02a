import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isRecord } from '../shared/parse';
import { QUEUE_NAMES, TABLE_NAMES } from '../shared/storage/account';
import { version } from '../shared/version';
import { readIssued } from './support/samples/issued';
import { parseMessageSamples, readMessage } from './support/samples/messages';
import { parseTableSample, readRows } from './support/samples/readRows';
import { readRules, writeRules } from './support/samples/rules';
import { writeSamples } from './support/samples/writeSamples';

/**
 * A new version finds the messages, rows, clientStates, tokens and links of the version before it. So each release keeps
 * samples of what it writes, and every later version reads them (docs/upgrade.md).
 */
const RELEASED = join(__dirname, 'fixtures', 'released');
const versions = readdirSync(RELEASED);

const WHEN_MISSING =
  'For a new queue or table: add a sample and a reader in tests/support/samples/. Then run npm run samples.';
const WHEN_CHANGED =
  `If version ${version} is released: keep its samples, raise the version in package.json, make the readers accept both forms, ` +
  'and run npm run samples. Before its release: make the readers accept the new form, and run npm run samples.';

const readJson = (path: string): unknown => JSON.parse(readFileSync(path, 'utf8'));
const namesIn = (folder: string) => readdirSync(folder).map((file) => file.replace(/\.json$/, ''));

describe('the samples of this version', () => {
  it('are there', () => {
    expect({ versions, WHEN_MISSING }).toEqual({
      versions: expect.arrayContaining([version]) as string[],
      WHEN_MISSING,
    });
  });

  it.each([
    ['queues', Object.values(QUEUE_NAMES)],
    ['tables', Object.values(TABLE_NAMES)],
  ])('cover all %s', (kind, names) => {
    expect({ names: namesIn(join(RELEASED, version, kind)).sort(), WHEN_MISSING }).toEqual({
      names: [...names].sort(),
      WHEN_MISSING,
    });
  });

  it('use every field of the rules language', () => {
    const fields = fieldsOf(readJson(join(__dirname, '..', 'docs', 'schemas', 'rules.schema.json')));
    expect(fields.length).toBeGreaterThan(40);
    const { text } = writeRules();
    expect(fields.filter((name) => !text.includes(`"${name}":`))).toEqual([]);
  });

  it('are what this build writes', async () => {
    const written = await writeSamples();
    const changed = [...written].filter(
      ([path, content]) => JSON.stringify(content) !== JSON.stringify(readJson(join(RELEASED, version, path))),
    );
    expect({ changed: changed.map(([path]) => path), WHEN_CHANGED }).toEqual({ changed: [], WHEN_CHANGED });
  });
});

describe.each(versions)('what version %s has written', (written) => {
  const folder = join(RELEASED, written);

  it.each(namesIn(join(folder, 'queues')))('is read from the queue %s', (queue) => {
    const samples = parseMessageSamples(readJson(join(folder, 'queues', `${queue}.json`)));
    expect(samples.length).toBeGreaterThan(0);
    expect(samples.map(({ text }) => readMessage(queue, text))).toMatchObject(samples.map(({ reads }) => reads));
  });

  it.each(namesIn(join(folder, 'tables')))('is read from the table %s', async (table) => {
    const { rows, reads } = parseTableSample(readJson(join(folder, 'tables', `${table}.json`)));
    expect(rows.length).toBeGreaterThan(0);
    expect(inOrder(await readRows(table, rows))).toMatchObject(inOrder(reads));
  });

  it('is read from the container config', () => {
    const sample = readJson(join(folder, 'rules.json'));
    const { text, reads } = isRecord(sample) ? sample : {};
    expect(readRules(String(text))).toMatchObject(isRecord(reads) ? reads : { reads });
  });

  it('is accepted from Graph, devices and administrators', () => {
    const issued = readJson(join(folder, 'issued.json'));
    const samples = Object.entries(isRecord(issued) ? issued : {}).filter(([, sample]) => isRecord(sample));
    expect(samples.map(([name]) => name)).toEqual(['clientState', 'deviceToken', 'consentState']);
    for (const [name, sample] of samples) {
      const { text, reads } = isRecord(sample) ? sample : {};
      expect(readIssued(name, String(text))).toMatchObject(isRecord(reads) ? reads : {});
    }
  });
});

/** Lists of records in an order of their own: a table lists by key, and the samples are listed by what they show. */
function inOrder(value: unknown): Record<string, unknown> {
  const sort = (one: unknown): unknown => {
    if (Array.isArray(one)) return one.map(sort).sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));
    return isRecord(one) ? Object.fromEntries(Object.entries(one).map(([name, inner]) => [name, sort(inner)])) : one;
  };
  return { value: sort(value) };
}

function keyOf(value: unknown): string {
  if (!isRecord(value)) return String(value);
  const { tenantId, tokenId, rowKey, id, kind, taskId, jobId, reference } = value;
  return [tenantId, tokenId, rowKey, id, kind, taskId, jobId, isRecord(reference) ? keyOf(reference) : '']
    .map(String)
    .join(' ');
}

/** The names of all properties in a JSON Schema. */
function fieldsOf(schema: unknown): string[] {
  if (Array.isArray(schema)) return schema.flatMap(fieldsOf);
  if (!isRecord(schema)) return [];
  const { properties } = schema;
  const own = isRecord(properties) ? Object.keys(properties) : [];
  return [...new Set([...own, ...Object.values(schema).flatMap(fieldsOf)])];
}
