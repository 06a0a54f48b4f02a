import fc from 'fast-check';
import {
  MOST_MEMBERS,
  MOST_TEXT,
  MOST_TOKEN,
  readItems,
  wantedMembers,
  type CollectionEnd,
  type Text,
} from '../../../shared/webhook/scanner';
import { fetchableItem, lifecycleItem, startedItem } from '../../support/notifications';

const NAMES = ['tenantId', 'organizationId', 'clientState', 'subscriptionId', 'lifecycleEvent', 'resource'] as const;
const ITEM = wantedMembers({
  ...Object.fromEntries(NAMES.map((name) => [name, true as const])),
  resourceData: wantedMembers({ parentUrl: true }),
});

function scan(text: Text): { items: unknown[]; end: CollectionEnd } {
  const reading = readItems(text, ITEM);
  const items: unknown[] = [];
  for (;;) {
    const next = reading.next();
    if (next.done) return { items, end: next.value };
    items.push(next.value);
  }
}

/** The wanted members as JSON.parse reads them (resources/changenotification.md: all are texts). */
function wantedOf(item: Record<string, unknown>): Record<string, unknown> {
  const wanted: Record<string, unknown> = {};
  for (const name of NAMES) if (Object.hasOwn(item, name)) wanted[name] = item[name];
  if (Object.hasOwn(item, 'resourceData')) {
    const { parentUrl } = item['resourceData'] as Record<string, unknown>;
    wanted['resourceData'] = parentUrl === undefined ? {} : { parentUrl };
  }
  return wanted;
}

/** As JSON.stringify, with any white space of RFC 8259 between the tokens and any character as an escape. */
const spelt = (value: unknown) =>
  fc
    .tuple(fc.infiniteStream(fc.constantFrom('', '', '', ' ', '\n', '\t', '\r\n ')), fc.infiniteStream(fc.nat(9)))
    .map(([spaces, escapes]) =>
      spell(
        value,
        () => `${spaces.next().value}`,
        () => escapes.next().value === 0,
      ),
    );

function spell(value: unknown, space: () => string, isEscaped: () => boolean): string {
  const around = (text: string) => `${space()}${text}${space()}`;
  if (typeof value === 'string') {
    const units = Array.from({ length: value.length }, (_, index) => value.slice(index, index + 1));
    const spelled = units.map((unit) =>
      isEscaped() ? `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}` : JSON.stringify(unit).slice(1, -1),
    );
    return around(`"${spelled.join('')}"`);
  }
  if (Array.isArray(value)) return around(`[${value.map((one) => spell(one, space, isEscaped)).join(',')}]`);
  if (typeof value !== 'object' || value === null) return around(JSON.stringify(value));
  const members = Object.entries(value).map(
    ([name, member]) => `${spell(name, space, isEscaped)}:${spell(member, space, isEscaped)}`,
  );
  return around(`{${members.join(',')}}`);
}

const text = fc.string({ unit: 'grapheme', maxLength: 60 });
/** A notification of Graph with other texts, members that we do not read, and members left out. */
const notification = fc
  .tuple(
    fc.constantFrom(startedItem(), fetchableItem(), lifecycleItem()),
    fc.dictionary(fc.constantFrom(...NAMES), text),
    fc.dictionary(fc.string({ maxLength: 12 }), fc.jsonValue()),
    fc.option(fc.record({ parentUrl: text, id: text }, { requiredKeys: [] }), { nil: undefined }),
  )
  .map(([item, texts, others, resourceData]) => {
    const added = Object.entries(others).filter(([name]) => !['resourceData', '__proto__', ...NAMES].includes(name));
    return { ...Object.fromEntries(added), ...item, ...texts, ...(resourceData && { resourceData }) };
  });
const collection = fc
  .record(
    { '@odata.context': text, validationTokens: fc.array(text), value: fc.array(notification, { maxLength: 6 }) },
    { requiredKeys: ['value'] },
  )
  .chain((body) => fc.shuffledSubarray(Object.entries(body), { minLength: Object.keys(body).length }));

it('reads every collection of the documented form as JSON.parse does, whatever its order, spaces and escapes', () => {
  fc.assert(
    fc.property(
      collection.chain((members) => fc.tuple(fc.constant(members), spelt(Object.fromEntries(members)))),
      ([, body]) => {
        const parsed = JSON.parse(body) as { value: Record<string, unknown>[]; validationTokens?: string[] };
        expect(scan(body)).toEqual({
          items: parsed.value.map(wantedOf),
          end: { validationTokens: parsed.validationTokens },
        });
      },
    ),
    { numRuns: 200 },
  );
});

it('never throws, and accepts arbitrary JSON exactly where it is an object with a list `value`', () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.option(fc.jsonValue(), { nil: undefined }), (other, value) => {
      const body: unknown = value === undefined ? other : { value };
      const isObject = typeof body === 'object' && body !== null && !Array.isArray(body);
      const isList = isObject && Array.isArray((body as Record<string, unknown>)['value']);
      const { end } = scan(JSON.stringify(body));
      if (!isObject) expect(end).toEqual({ bad: 'notJsonObject' });
      else expect('bad' in end).toBe(!isList);
    }),
  );
});

it('never throws on arbitrary bytes and on collections that were damaged, and rejects no form that JSON.parse accepts', () => {
  const damaged = fc.tuple(collection, fc.nat(), fc.string({ maxLength: 3 })).map(([members, place, put]) => {
    const body = JSON.stringify(Object.fromEntries(members));
    const at = place % body.length;
    return body.slice(0, at) + put + body.slice(at + 1);
  });
  const bytes = fc.uint8Array({ maxLength: 400 }).map((array) => Buffer.from(array).toString('utf8'));
  fc.assert(
    fc.property(fc.oneof(bytes, damaged), (body) => {
      const { end } = scan(body);
      if ('bad' in end && end.bad === 'notJsonObject') expect(() => parseObject(body)).toThrow();
    }),
    { numRuns: 500 },
  );
});

function parseObject(body: string): void {
  const value: unknown = JSON.parse(body);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new TypeError('no object');
}

describe('a body costs as much as its length', () => {
  const MIB = 1024 * 1024;
  const filled = (head: string, part: string, tail: string) =>
    head + part.repeat(Math.floor((MIB - head.length - tail.length) / part.length)) + tail;
  const bodies: Record<string, string> = {
    'brackets never closed': '['.repeat(MIB),
    'objects never closed': filled('', '{"a":', ''),
    'brackets in value': filled('{"value":', '[', ''),
    'quotes alone': '"'.repeat(MIB),
    'backslashes in a text': filled('{"value":["', '\\', ''),
    'escaped quotes': filled('{"value":["', '\\"', '"]}'),
    'escaped quotes outside of value': filled('{"a":"', '\\"', '","value":[]}'),
    'texts that are not closed': filled('{"value":[', '"a', ''),
    'white space': filled('{"value":[', ' ', ']}'),
    'many names': filled('{', '"a":1,', '"value":[]}'),
    'many names in an item': filled('{"value":[{', '"tenantId":"a",', '"b":1}]}'),
    'small items': filled('{"value":[', '{},', '{}]}'),
    'numbers as items': filled('{"value":[', '1,', '1]}'),
    'one long number': filled('{"value":[', '1', ']}'),
    'validation tokens': filled('{"validationTokens":[', '"",', '""],"value":[]}'),
    'lists named value': filled('{', '"value":[],', '"value":[]}'),
  };

  it.each(Object.entries(bodies))('%s', (_name, body) => {
    const counted = countSteps(body);
    scan(counted);
    // Each character is looked at, searched and cut out a few times, whatever the body.
    expect(counted.steps() / body.length).toBeLessThanOrEqual(8);
  });

  it('arbitrary bytes', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...'{}[]",:\\ 1anul'), maxLength: 500 }), (body) => {
        const counted = countSteps(body);
        scan(counted);
        expect(counted.steps()).toBeLessThanOrEqual(12 * body.length + 60);
      }),
      { numRuns: 1_000 },
    );
  });
});

/** A text that counts the characters that are looked at, searched or cut out. */
function countSteps(body: string): Text & { steps: () => number } {
  let steps = 0;
  return {
    length: body.length,
    charCodeAt(index) {
      steps += 1;
      return body.charCodeAt(index);
    },
    indexOf(searched, from = 0) {
      const found = body.indexOf(searched, from);
      steps += 1 + Math.max(0, (found < 0 ? body.length : found) - from);
      return found;
    },
    slice(start = 0, end = body.length) {
      const part = body.slice(start, end);
      steps += part.length;
      return part;
    },
    steps: () => steps,
  };
}

describe('what is not of the documented form', () => {
  it('cuts texts that are longer than any of ours, and keeps the item', () => {
    const tenantId = 'x'.repeat(MOST_TEXT + 1);
    expect(scan(JSON.stringify({ value: [{ tenantId, resource: 'r' }] })).items).toEqual([
      { tenantId: tenantId.slice(1), resource: 'r' },
    ]);
    const token = 'x'.repeat(MOST_TOKEN + 1);
    expect(scan(JSON.stringify({ value: [], validationTokens: [token] })).end).toEqual({
      validationTokens: [token.slice(1)],
    });
  });

  it('reads the last of several members of one name, and all lists named value', () => {
    expect(scan('{"value":[{"tenantId":"a","tenantId":"b"}],"value":[{"tenantId":"c"}]}').items).toEqual([
      { tenantId: 'b' },
      { tenantId: 'c' },
    ]);
  });

  it('reads the first thousand members and tokens, and skips the others', () => {
    const others = Array.from({ length: MOST_MEMBERS - 1 }, (_, index) => [`n${index}`, [index]] as const);
    const item = { ...Object.fromEntries(others), tenantId: 'a', resource: 'r' };
    expect(scan(JSON.stringify({ value: [item] })).items).toEqual([{ tenantId: 'a' }]);
    const validationTokens = Array.from({ length: MOST_MEMBERS + 1 }, () => 't');
    expect(scan(JSON.stringify({ validationTokens, value: [{}] }))).toEqual({
      items: [{}],
      end: { validationTokens: validationTokens.slice(1) },
    });
  });

  it.each([null, 7, 'token', true])('gives validationTokens %j as they are', (validationTokens) => {
    expect(scan(JSON.stringify({ validationTokens, value: [] })).end).toEqual({ validationTokens });
  });

  it('reads lists and objects in the place of a text as empty', () => {
    expect(scan('{"value":[[1],{"tenantId":{"a":1},"resource":[2],"resourceData":["parentUrl"]}]}').items).toEqual([
      [],
      { tenantId: {}, resource: [], resourceData: [] },
    ]);
  });

  it.each([
    ['nothing', ''],
    ['a byte order mark (RFC 8259, section 8.1)', '\ufeff{"value":[]}'],
    ['something behind the end', '{"value":[]}x'],
    ['another document behind the end', '{"value":[]}{"value":[]}'],
    ['an end that is missing', '{"value":[{}]'],
    ['an element that is missing', '{"value":[{},]}'],
    ['a comma that is missing', '{"value":[{}{}]}'],
    ['a colon that is missing', '{"value" []}'],
    ['a name without quotes', '{value:[]}'],
    ['a word that JSON does not have', '{"value":[],"a":undefined}'],
    ['an escape that JSON does not have', '{"value":[{"tenantId":"\\x"}]}'],
  ])('calls a body bad with %s', (_name, body) => {
    expect(scan(body).end).toEqual({ bad: 'notJsonObject' });
  });
});
