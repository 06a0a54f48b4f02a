import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import type { JobEvent } from '../../../examples/consumer-typescript/jobEvent';
import { EVENT_TYPES, formatJobEventSchema, type jobEvent } from '../../../shared/jobs/jobEventSchema';
import { OUTCOMES } from '../../../shared/jobs/ledgerRow';
import { isRecord } from '../../../shared/parse';
import { EVENT_SHAPES } from '../../support/eventShapes';
import { findEventFaults } from '../../support/findEventFaults';

const ROOT = join(__dirname, '..', '..', '..');
const read = (path: string) => readFileSync(join(ROOT, path), 'utf8');
const page = read('docs/events.md');

/** The JSON in the fenced blocks of a page. */
const blocksOf = (markdown: string) =>
  [...markdown.matchAll(/^```json\n([\s\S]*?)^```$/gm)].map(([, json = '']) => JSON.parse(json) as unknown);
const typeOf = (event: unknown) => (isRecord(event) ? event['type'] : undefined);
/** `print.job.started released`, for each type and each of its outcomes in the published schema. */
const published = EVENT_SHAPES.flatMap(({ type, outcomes }) => outcomes.map((outcome) => `${type} ${outcome}`));

test('the published JSON Schema is the one in the code: run npm run schemas', () => {
  expect(read('docs/schemas/job-event.schema.json')).toBe(formatJobEventSchema());
});

test('the published types are those of the schema', () => {
  type Same<A, B> = [A, B] extends [B, A]
    ? [Fields<A>, Fields<B>] extends [Fields<B>, Fields<A>]
      ? true
      : false
    : false;
  type Fields<T> = T extends { type: infer Type; data: infer Data } ? [Type, keyof T, FieldsOf<Data>] : never;
  type FieldsOf<Data> = Data extends { outcome: infer Outcome } ? [Outcome, keyof Data] : never;
  // A difference in a field or an outcome is an error of `npm run check`.
  const isSame: Same<JobEvent, z.output<typeof jobEvent>> = true;
  expect(isSame).toBe(true);
});

test('every field of the JSON Schema has a description, so that a generator documents it', () => {
  const silent: string[] = [];
  const visit = (value: unknown, path: string): void => {
    if (Array.isArray(value)) value.forEach((one, index) => visit(one, `${path}/${index}`));
    if (!isRecord(value)) return;
    for (const [key, child] of Object.entries(value)) visit(child, `${path}/${key}`);
    if (!path.endsWith('/properties')) return;
    for (const [field, child] of Object.entries(value)) {
      if (!isRecord(child) || !('description' in child)) silent.push(`${path}/${field}`);
    }
  };
  visit(JSON.parse(formatJobEventSchema()), '');
  expect(silent.filter((path) => !path.endsWith('/data'))).toEqual([]);
});

test('the schema has every outcome of the ledger', () => {
  const outcomes = published.map((name) => name.split(' ')[1]);
  expect([...new Set(outcomes)].sort()).toEqual([...OUTCOMES].sort());
});

test('fields that a later version adds are allowed', () => {
  const [event] = blocksOf(page);
  const schema = z.fromJSONSchema(JSON.parse(formatJobEventSchema()) as z.core.JSONSchema.JSONSchema);
  expect(schema.safeParse({ ...(isRecord(event) ? event : {}), later: true }).success).toBe(true);
  expect(schema.safeParse({ ...(isRecord(event) ? event : {}), id: 7 }).success).toBe(false);
});

describe('docs/events.md', () => {
  it('shows a full example of every type, each of which is valid', () => {
    const events = blocksOf(page).filter((block) => isRecord(block) && 'specversion' in block);
    expect([...new Set(events.map(typeOf))].sort()).toEqual([...EVENT_TYPES].sort());
    expect(events.flatMap(findEventFaults)).toEqual([]);
  });

  it('explains each outcome of each type', () => {
    const explained: string[] = [];
    let type = '';
    for (const line of page.split('\n')) {
      type = /^#+ `(print\.job\.\w+)`/.exec(line)?.[1] ?? (line.startsWith('#') ? '' : type);
      const outcome = /^\| `(\w+)`/.exec(line.replace('`outcome`', ''))?.[1];
      if (type !== '' && outcome !== undefined) explained.push(`${type} ${outcome}`);
    }
    expect(explained.sort()).toEqual([...published].sort());
  });

  it('explains each field of data', () => {
    const fields = new Set(EVENT_SHAPES.flatMap(({ data }) => data));
    const section = page.slice(page.indexOf('## Fields of `data`'));
    const table = section.slice(0, section.indexOf('\n## ', 1));
    const explained = [...table.matchAll(/^\| (`[^|]+)\|/gm)].flatMap(([, cell = '']) =>
      [...cell.matchAll(/`(\w+)`/g)].map(([, name]) => name),
    );
    expect(explained.sort()).toEqual([...fields].sort());
  });
});

test('the example in the README is valid', () => {
  const events = blocksOf(read('README.md')).filter((block) => isRecord(block) && 'specversion' in block);
  expect(events).toHaveLength(1);
  expect(events.flatMap(findEventFaults)).toEqual([]);
});

test('an event without its id, with an unknown outcome or an unknown field has faults', () => {
  const [event] = blocksOf(page);
  const { id: _id, ...rest } = isRecord(event) ? event : {};
  expect(findEventFaults(rest)).toHaveLength(1);
  const data = isRecord(rest['data']) ? rest['data'] : {};
  expect(findEventFaults({ ...rest, id: 'a', data: { ...data, outcome: 'odd' } })).toHaveLength(1);
  expect(findEventFaults({ ...rest, id: 'a', data: { ...data, odd: 1 } })).toEqual(['data.odd is not in the schema']);
  expect(findEventFaults({ ...rest, id: 'a', odd: 1 })).toEqual(['odd is not in the schema']);
});
