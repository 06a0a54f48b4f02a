import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { formatJsonSchema, holdMinutes } from '../../../shared/rules/document';
import { formatPath, readDocument } from '../../../shared/rules/readDocument';

/** The faults in a document, one a line as `line:column path message`. */
function faultsIn(value: unknown): string[] {
  const read = readDocument(typeof value === 'string' ? value : JSON.stringify(value, null, 2));
  if ('document' in read) return [];
  return read.faults.map(({ path, message }) => {
    const { line, column } = read.placeOf(path);
    return `${line}:${column} ${formatPath(path)} ${message}`;
  });
}
const started = (when: unknown, then: unknown = { release: {} }) => ({
  version: 1,
  rules: [{ name: 'a', on: 'jobStarted', when, then }],
});
const fetchable = (then: unknown) => ({ version: 1, rules: [{ name: 'a', on: 'jobFetchable', then }] });
const nested = (levels: number) => JSON.parse(`${'{"not":'.repeat(levels - 1)}{}${'}'.repeat(levels - 1)}`) as unknown;

test('the published JSON Schema is the one in the code: run npm run schemas', () => {
  const path = join(__dirname, '..', '..', '..', 'docs', 'schemas', 'rules.schema.json');
  expect(readFileSync(path, 'utf8')).toBe(formatJsonSchema());
});

test('every field of the JSON Schema has a description, so that an editor explains it', () => {
  const schema: unknown = JSON.parse(formatJsonSchema());
  const silent: string[] = [];
  const visit = (value: unknown, path: string): void => {
    if (typeof value !== 'object' || value === null) return;
    for (const [key, child] of Object.entries(value)) visit(child, `${path}/${key}`);
    if (!path.endsWith('/properties')) return;
    for (const [field, child] of Object.entries(value) as [string, object][]) {
      const text = JSON.stringify(child);
      if (!('description' in child) && !text.includes('"$ref"')) silent.push(`${path}/${field}`);
    }
  };
  visit(schema, '');
  // The ends of a page range, and the sides of a margin, whose names say it.
  expect(silent.filter((path) => !/\/(start|end|top|bottom|left|right)$/.test(path))).toEqual([]);
});

test('defaults are filled in', () => {
  expect(readDocument('{"version":1,"rules":[]}')).toMatchObject({
    document: { version: 1, onFailure: 'release', lists: {}, virtualPrinters: [], rules: [] },
  });
  expect(readDocument('\uFEFF{"version":1,"rules":[]}')).toHaveProperty('document');
});

describe('faults name line, column and path', () => {
  test.each([
    [
      'a field that does not exist',
      started({ copies: { abve: 1 } }),
      '9:11 $.rules[0].when.copies.abve is not a field here',
    ],
    ['a wrong type', started({ copies: 'x' }), '8:9 $.rules[0].when.copies has a value of the wrong type'],
    ['a missing field', { version: 1 }, '1:1 $.rules is missing'],
    ['another version', { version: 2, rules: [] }, '2:3 $.version must be 1'],
    [
      'an unknown event',
      { version: 1, rules: [{ name: 'a', on: 'x' }] },
      '6:7 $.rules[0].on must be jobStarted or jobFetchable',
    ],
    [
      'an id with a slash',
      started({ printer: ['a', 'b/c'] }),
      '10:11 $.rules[0].when.printer[1] must be an id: 1 to 128 letters, digits, ".", "_" or "-"',
    ],
    [
      'a list that does not exist',
      started({ printer: { list: 'mfps' } }),
      '9:11 $.rules[0].when.printer.list "mfps" is not in lists',
    ],
    [
      'a list of a built-in name',
      started({ printer: { list: 'constructor' } }),
      '9:11 $.rules[0].when.printer.list "constructor" is not in lists',
    ],
    [
      'a bad name of a list',
      { version: 1, lists: { '1': [] }, rules: [] },
      '4:5 $.lists["1"] must be a name of letters, digits, "_" and "-"',
    ],
    [
      'a field of an object that is empty',
      started({ user: {} }),
      '8:9 $.rules[0].when.user must name at least one of id, name, principalName',
    ],
    [
      'an unknown zone',
      started({ time: { days: ['Mon'], zone: 'Mars' } }),
      '12:11 $.rules[0].when.time.zone must be an IANA time zone such as Europe/Berlin',
    ],
    [
      'a span of no length',
      started({ time: { from: '08:00', to: '08:00', zone: 'UTC' } }),
      '8:9 $.rules[0].when.time has the same from and to: leave both out for the whole day',
    ],
    [
      'half a span',
      started({ time: { from: '08:00', zone: 'UTC' } }),
      '8:9 $.rules[0].when.time needs both from and to, or neither',
    ],
    ['no action', started({}, {}), '8:7 $.rules[0].then needs exactly one of release, hold, redirect, abort'],
    [
      'two actions',
      started({}, { release: {}, abort: {} }),
      '8:7 $.rules[0].then needs exactly one of release, hold, redirect, abort',
    ],
    [
      'a hold of days',
      started({}, { hold: { for: '4d', else: 'abort' } }),
      '10:11 $.rules[0].then.hold.for must be minutes or hours from "1m" to "72h", such as "4h"',
    ],
    [
      'a hold without an end',
      started({}, { hold: { for: '4h' } }),
      '9:9 $.rules[0].then.hold.else must be "release" or "abort"',
    ],
    [
      'a change of an aborted job',
      started({}, { abort: {}, configure: { copies: 1 } }),
      '10:9 $.rules[0].then.configure cannot change a job that is aborted',
    ],
    [
      'a change of nothing',
      started({}, { release: {}, configure: {} }),
      '10:9 $.rules[0].then.configure must change at least one field',
    ],
    [
      'no copies',
      started({}, { release: {}, configure: { copies: 0 } }),
      '11:11 $.rules[0].then.configure.copies must be at least 1',
    ],
    ['JSON that ends early', '{"version":1,\n"rules":[', '2:10 $ is not JSON here'],
    ['a comment', '// rules\n{}', '1:1 $ is not JSON here'],
    ['nothing', '', '1:1 $ is not JSON here'],
    ['no object', '[]', '1:1 $ must be of type object'],
  ])('%s', (_name, value, expected) => {
    expect(faultsIn(value)).toContain(expected);
  });

  test('a name twice, which JSON would let pass', () => {
    expect(faultsIn('{"version":1,"rules":[],\n"rules":[]}')).toEqual([
      expect.stringContaining('$.rules appears twice in its object'),
    ]);
  });

  test('two rules of one name', () => {
    const [rule] = started({}).rules;
    expect(faultsIn({ version: 1, rules: [rule, rule] })).toEqual([
      expect.stringContaining('$.rules[1].name is the name of another rule too: "a"'),
    ]);
  });
});

describe('a fetchable job cannot be changed (concepts/universal-print-webhook-notifications.md)', () => {
  test('notify or archive is accepted, and exactly one of them', () => {
    expect(faultsIn(fetchable({ notify: {} }))).toEqual([]);
    expect(faultsIn(fetchable({ archive: {} }))).toEqual([]);
    for (const then of [{}, { notify: {}, archive: {} }]) {
      expect(faultsIn(fetchable(then)).join('\n')).toContain('needs exactly one of notify, archive');
    }
  });

  test.each([
    { release: {} },
    { hold: { for: '4h', else: 'abort' } },
    { redirect: { printer: 'p1' } },
    { abort: {} },
    { notify: {}, configure: { copies: 1 } },
  ])('%j is refused with the reason', (then) => {
    expect(faultsIn(fetchable(then)).join('\n')).toContain(
      'must be notify or archive: a fetchable job can no longer be changed',
    );
  });

  test('another field is only unknown', () => {
    expect(faultsIn(fetchable({ notify: {}, print: {} }))).toEqual(['9:9 $.rules[0].then.print is not a field here']);
  });
});

describe('limits', () => {
  test('256 KiB', () => {
    const of = (bytes: number) => `{"version":1,"rules":[]${' '.repeat(bytes - 24)}}`;
    expect(faultsIn(of(256 * 1024))).toEqual([]);
    expect(faultsIn(of(256 * 1024 + 1))).toEqual(['1:1 $ has 262145 bytes, and at most 262144 are allowed']);
  });

  test('500 rules', () => {
    const of = (count: number) => ({
      version: 1,
      rules: Array.from({ length: count }, (_, index) => ({ ...fetchable({ notify: {} }).rules[0], name: `${index}` })),
    });
    expect(faultsIn(of(500))).toEqual([]);
    expect(faultsIn(of(501))).toEqual(['3:3 $.rules must have a number of entries of at most 500']);
  });

  test('8 levels of conditions', () => {
    expect(faultsIn(started(nested(8)))).toEqual([]);
    expect(faultsIn(started(nested(9)))).toEqual(['7:7 $.rules[0].when has more than 8 levels of conditions']);
    // Far deeper than a parser that calls itself could go.
    expect(faultsIn('{"not":'.repeat(30_000))).toEqual([expect.stringContaining('is nested more than 32 levels deep')]);
    const brackets = { version: 1, rules: [{ ...started({}).rules[0], description: '{[('.repeat(100) }] };
    expect(faultsIn(brackets)).toEqual([]);
  });

  test('256 characters a pattern', () => {
    expect(faultsIn(started({ user: 'a'.repeat(256) }))).toEqual([]);
    expect(faultsIn(started({ user: 'a'.repeat(257) }))).toEqual([
      '8:9 $.rules[0].when.user must have a length of at most 256',
    ]);
  });

  test('a hold of 1 minute to 72 hours', () => {
    expect(['1m', '90m', '4320m', '1h', '72h'].map(holdMinutes)).toEqual([1, 90, 4320, 60, 4320]);
    expect(['0m', '4321m', '73h', '1d', '1.5h', '4 h', ''].map(holdMinutes)).toEqual(Array(7).fill(undefined));
  });
});

test('a document with a hundred faults and more names a hundred', () => {
  expect(faultsIn({ version: 1, rules: Array(400).fill({}) })).toHaveLength(100);
});
