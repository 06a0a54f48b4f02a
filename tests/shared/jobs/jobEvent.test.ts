import fc from 'fast-check';
import {
  formatJobEvent,
  MOST_CELL_CHARACTERS,
  MOST_EVENT_BYTES,
  type JobEventFacts,
} from '../../../shared/jobs/jobEvent';
import { findEventFaults } from '../../support/findEventFaults';
import { FETCHABLE, JOB, PRINTER, START, STARTED, TRACEPARENT } from '../../support/createJobWorker';

const ACCOUNTING = {
  createdDateTime: START,
  createdBy: { id: 'user-1', displayName: 'Somebody', userPrincipalName: 'somebody@contoso.com' },
  status: { state: 'paused', description: 'The job is paused', details: ['releaseWait'], isAcquiredByPrinter: false },
  configuration: { copies: 2, colorMode: 'color', pageRanges: [{ start: 1, end: 4 }] },
  acknowledgedDateTime: START,
};

function factsOf(fields: Record<string, unknown>, documents?: unknown[]): JobEventFacts {
  return {
    phase: 'start',
    // Only a job that is ready is read with its documents.
    ...(documents ? { reference: FETCHABLE, outcome: 'fetchable' } : { reference: STARTED, outcome: 'released' }),
    printerId: PRINTER,
    jobId: JOB,
    firstSeenAt: START,
    traceparent: TRACEPARENT,
    job: { fields, documents },
  };
}

interface Data {
  job: Record<string, unknown> | null;
  documents?: { displayName?: string }[];
  truncated?: string[];
  outcome: string;
}

function format(facts: JobEventFacts): Data {
  const text = formatJobEvent(facts);
  expect(Buffer.byteLength(text, 'utf8')).toBeLessThanOrEqual(49_152);
  expect(text.length).toBeLessThanOrEqual(32_768);
  const event = JSON.parse(text) as { data: Data };
  expect(findEventFaults(event)).toEqual([]);
  return event.data;
}

test('a queue message holds 64 KiB, 48 KiB before base64 (Azure Queue storage scalability targets)', () => {
  expect(MOST_EVENT_BYTES).toBe(49_152);
});

test('an event that fits is whole and has no `truncated`', () => {
  const documents = [{ id: 'd', displayName: 'ä'.repeat(10_000) }];
  const fields = { id: JOB, displayName: 'x'.repeat(10_000), ...ACCOUNTING };
  const data = format(factsOf(fields, documents));
  expect(data).toMatchObject({ job: fields, documents });
  expect(data).not.toHaveProperty('truncated');
});

test.each([
  ['byte', (text: string) => Math.floor((MOST_EVENT_BYTES - Buffer.byteLength(text)) / 3), '€'],
  ['character', (text: string) => MOST_CELL_CHARACTERS - text.length, 'x'],
])('the largest event that fits is whole, one %s more is not', (_unit, roomBeside, character) => {
  const named = (length: number) => factsOf(ACCOUNTING, [{ displayName: character.repeat(length) }]);
  const room = roomBeside(formatJobEvent(named(0)));
  expect(format(named(room)).truncated).toBeUndefined();
  expect(format(named(room + 1)).truncated).toEqual(['documents.displayName']);
});

test('a long name is shortened, marked and named, and takes no other data out of the event', () => {
  const documents = [
    { id: 'd', displayName: `ab${'🖨'.repeat(20_000)}`, contentType: 'application/pdf', size: 1024 },
    { id: 'e', displayName: 'short.pdf' },
  ];
  const data = format(factsOf({ id: JOB, displayName: 'ä'.repeat(30_000), ...ACCOUNTING }, documents));
  expect(data.truncated).toEqual(['job.displayName', 'documents.displayName']);
  expect(data.job).toMatchObject({ id: JOB, ...ACCOUNTING });
  expect(data.documents).toMatchObject([{ contentType: 'application/pdf', size: 1024 }, { displayName: 'short.pdf' }]);
  const name = data.documents?.[0]?.displayName ?? '';
  expect(name).toMatch(/^ab🖨+…$/u);
  // Half a pair would become U+FFFD in UTF-8.
  expect(Buffer.from(name).toString()).toBe(name);
  expect(Buffer.byteLength(name)).toBeLessThanOrEqual(1_024);
  expect(Buffer.byteLength(name)).toBeGreaterThan(1_018);
});

test('documents that do not fit go before any field of the job, and the largest field before the others', () => {
  const many = Array.from({ length: 40_000 }, (_, index) => index);
  const all = format(factsOf({ ...ACCOUNTING, id: JOB, errorCode: 7 }, many));
  expect(all).toMatchObject({ truncated: ['documents'], job: { id: JOB, errorCode: 7, ...ACCOUNTING } });
  expect(all).not.toHaveProperty('documents');
  const odd = format(factsOf({ ...ACCOUNTING, id: JOB, errorCode: many }, [{ id: 'd' }]));
  expect(odd.truncated).toEqual(['documents', 'job.errorCode']);
  expect(odd.job).toEqual({ id: JOB, ...ACCOUNTING });
});

test('accounting data that does not fit alone is shortened, and only the field that cannot be is left out', () => {
  const longName = { ...ACCOUNTING, createdBy: { id: 'user-1', displayName: 'x'.repeat(60_000) } };
  const shortened = format(factsOf(longName));
  expect(shortened.truncated).toEqual(['job.createdBy.displayName']);
  expect(shortened.job).toMatchObject({ ...ACCOUNTING, createdBy: { id: 'user-1' } });
  const many = { pageRanges: Array.from({ length: 10_000 }, (_, start) => ({ start, end: start })) };
  const left = format(factsOf({ ...ACCOUNTING, configuration: many }));
  const { configuration: _configuration, ...others } = ACCOUNTING;
  expect(left).toMatchObject({ truncated: ['job.configuration'], job: others });
});

test('any job gives an event of at most 48 KiB and a cell that holds all accounting data, unless these alone exceed it', () => {
  // Characters of one to four bytes, those that JSON escapes, and halves of a pair.
  const unit = fc.oneof(fc.constantFrom('a', 'ä', '…', '🖨', '\u0001', '"', '\\', '\ud83d', '\udda8'), fc.string());
  const text = fc
    .tuple(unit, fc.integer({ min: 0, max: 20_000 }))
    .map(([piece, times]) => piece.repeat(times).slice(0, 60_000));
  const value = fc.oneof(text, fc.jsonValue({ maxDepth: 3 }));
  const record = fc.dictionary(fc.string(), value, { maxKeys: 6 });
  const anyJob = fc.record(
    {
      id: value,
      displayName: text,
      createdBy: record,
      createdDateTime: value,
      acknowledgedDateTime: value,
      status: record,
      configuration: record,
      redirectedTo: text,
      redirectedFrom: text,
      errorCode: value,
      isFetchable: value,
    },
    { requiredKeys: [] },
  );
  const documents = fc.option(fc.array(fc.oneof(record, value), { maxLength: 4 }), { nil: undefined });
  fc.assert(
    fc.property(anyJob, documents, (fields, shown) => {
      const data = format(factsOf(fields, shown));
      const accounting = Object.fromEntries(Object.entries(fields).filter(([name]) => name in ACCOUNTING));
      const alone = Buffer.byteLength(JSON.stringify(accounting));
      // The envelope and the names of all that was left out take less than 2 KiB.
      if (alone <= MOST_CELL_CHARACTERS - 2_048) {
        expect(data.job).toMatchObject(JSON.parse(JSON.stringify(accounting)) as object);
      }
      const isWhole =
        JSON.stringify({ job: data.job, documents: data.documents }) ===
        JSON.stringify({ job: fields, documents: shown });
      expect(data.truncated === undefined).toBe(isWhole);
    }),
    { numRuns: 150 },
  );
});

test('an empty traceparent is left out: it would be none (W3C trace context)', () => {
  expect(JSON.parse(formatJobEvent({ ...factsOf({}), traceparent: '' }))).not.toHaveProperty('traceparent');
});

test('a job that could not be read is null', () => {
  expect(format({ ...factsOf({}), job: undefined })).toMatchObject({ job: null });
});
