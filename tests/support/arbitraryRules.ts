import fc from 'fast-check';
import type { RulesDocument } from '../../shared/rules/document';
import type { JobFacts } from '../../shared/rules/facts';
import { readDocument } from '../../shared/rules/readDocument';

/** Few values, so that rules and jobs meet often. */
export const PRINTERS = ['p1', 'p2', 'p3'];
const WORDS = ['color', 'grayscale', 'A3', 'A4', 'ada@contoso.com', 'bob@fabrikam.com'];
const ZONES = ['UTC', 'Europe/Berlin', 'America/New_York', 'Asia/Kolkata'];
const DAYS = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'] as const;

const some = <T>(values: readonly T[]) => fc.constantFrom(...values);
const optional = <T extends object>(model: { [K in keyof T]: fc.Arbitrary<T[K]> }) =>
  fc.record(model, { requiredKeys: [] });
const oneOrMore = <T>(item: fc.Arbitrary<T>) => fc.oneof(item, fc.array(item, { minLength: 1, maxLength: 3 }));
const notEmpty = (value: object) => Object.keys(value).length > 0;

const pattern = fc.oneof(
  some(WORDS),
  some(['*', '*@contoso.com', 'a*', '*a*', 'A?']),
  fc.string({ minLength: 1, maxLength: 8 }),
);
const patterns = oneOrMore(pattern);
const ids = oneOrMore(some(PRINTERS));
const number = fc.integer({ min: 0, max: 5 });
const range = fc.oneof(number, optional({ above: number, below: number }).filter(notEmpty));
const clock = fc
  .tuple(fc.integer({ min: 0, max: 23 }), some(['00', '30']))
  .map(([h, m]) => `${`${h}`.padStart(2, '0')}:${m}`);
const time = fc
  .record(
    { from: clock, to: clock, days: fc.uniqueArray(some(DAYS), { minLength: 1 }), zone: some(ZONES) },
    { requiredKeys: ['zone', 'days'] },
  )
  .filter(({ from, to }) => (from === undefined) === (to === undefined) && (from === undefined || from !== to));

const atoms: Record<string, fc.Arbitrary<unknown>> = {
  printer: fc.oneof(
    ids,
    optional({ id: ids, list: some(['some', 'none']), name: patterns, location: patterns }).filter(notEmpty),
  ),
  user: fc.oneof(patterns, optional({ id: patterns, name: patterns, principalName: patterns }).filter(notEmpty)),
  colorMode: patterns,
  duplexMode: patterns,
  copies: range,
  mediaSize: patterns,
  mediaType: patterns,
  quality: patterns,
  orientation: patterns,
  document: optional({ contentType: patterns, size: range }).filter(notEmpty),
  time,
  redirected: fc.constant(true),
};

/** One field, as an object of its own. */
const atom = fc.oneof(...Object.entries(atoms).map(([name, value]) => value.map((one) => ({ [name]: one }))));
const merged = (parts: object[]) => parts.reduce<object>((all, part) => ({ ...all, ...part }), {});

function conditionOf(levels: number): fc.Arbitrary<object> {
  const flat = fc.array(atom, { maxLength: 2 }).map(merged);
  if (levels === 0) return flat;
  const inner = conditionOf(levels - 1);
  const members = fc.array(inner, { minLength: 1, maxLength: 2 });
  const nested = fc.oneof(
    members.map((all) => ({ all })),
    members.map((any) => ({ any })),
    inner.map((not) => ({ not })),
  );
  return fc.oneof({ weight: 3, arbitrary: flat }, fc.array(fc.oneof(atom, nested), { maxLength: 3 }).map(merged));
}

/** A condition as JSON. */
export const arbitraryCondition = conditionOf(3);

const change = fc.constantFrom({ copies: 1 }, { colorMode: 'grayscale', duplexMode: 'flipOnLongEdge' });
const action = fc
  .oneof(
    fc.constant({ release: {} }),
    some(['release', 'abort']).map((end) => ({ hold: { for: '4h', else: end } })),
    some(PRINTERS).map((printer) => ({ redirect: { printer } })),
  )
  .chain((then) =>
    fc.oneof(
      fc.constant(then),
      change.map((configure) => ({ ...then, configure })),
    ),
  );
const started = fc.record({
  on: fc.constant('jobStarted'),
  when: arbitraryCondition,
  then: fc.oneof(action, fc.constant({ abort: {} })),
});
const fetchable = fc.record({
  on: fc.constant('jobFetchable'),
  when: arbitraryCondition,
  then: fc.constant({ notify: {} }),
});

/** A rule without a name, as JSON. */
const arbitraryRule = fc.oneof({ weight: 4, arbitrary: started }, fetchable);

const head = fc.record({
  onFailure: some(['release', 'abort']),
  lists: fc.record({ some: fc.uniqueArray(some(PRINTERS), { minLength: 1 }), none: fc.constant([]) }),
  virtualPrinters: fc.uniqueArray(some(PRINTERS), { maxLength: 1 }),
});

/** A document that the schema accepts. */
export const arbitraryDocument = fc
  .tuple(head, fc.array(arbitraryRule, { maxLength: 6 }))
  .map(([first, rules]) =>
    parseRules({ ...first, version: 1, rules: rules.map((rule, index) => ({ name: `rule ${index}`, ...rule })) }),
  );

/** The document in `value`, which the schema has to accept. */
export function parseRules(value: object): RulesDocument {
  const read = readDocument(JSON.stringify(value));
  if ('document' in read) return read.document;
  throw new Error(`The schema refuses ${JSON.stringify(value)}: ${JSON.stringify(read.faults)}`);
}

const text = fc.oneof(some(WORDS), fc.string({ maxLength: 8 }));
const configuration = optional({
  colorMode: text,
  duplexMode: text,
  mediaSize: text,
  mediaType: text,
  quality: text,
  orientation: text,
  copies: fc.oneof(fc.integer({ min: 1, max: 6 }), text, fc.constant(null)),
});

/** A job with any of its fields missing, or of another type than documented. */
export const arbitraryFacts: fc.Arbitrary<JobFacts> = fc.record(
  {
    event: fc.oneof({ weight: 4, arbitrary: fc.constant('jobStarted' as const) }, fc.constant('jobFetchable' as const)),
    printer: fc.record(
      { id: some(PRINTERS), name: text, location: fc.array(text, { maxLength: 3 }) },
      { requiredKeys: ['id', 'location'] },
    ),
    user: optional({ id: text, name: text, principalName: text }),
    configuration,
    documents: fc.array(optional({ contentType: text, size: fc.integer({ min: 0, max: 6 }) }), { maxLength: 2 }),
    createdAt: fc
      .date({ min: new Date(0), max: new Date('2100-01-01'), noInvalidDate: true })
      .map((date) => date.getTime()),
    isRedirected: fc.boolean(),
  },
  { requiredKeys: ['event', 'printer', 'user', 'configuration', 'documents', 'isRedirected'] },
);
