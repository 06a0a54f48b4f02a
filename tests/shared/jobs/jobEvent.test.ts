import { formatJobEvent, MOST_EVENT_BYTES, type JobEventFacts } from '../../../shared/jobs/jobEvent';
import { JOB, PRINTER, START, STARTED, TRACEPARENT } from '../../support/createJobWorker';

function factsWith(documentBytes: number, jobBytes: number): JobEventFacts {
  return {
    reference: STARTED,
    printerId: PRINTER,
    jobId: JOB,
    outcome: 'released',
    firstSeenAt: START,
    traceparent: TRACEPARENT,
    job: {
      // Two bytes each in UTF-8: what counts is the size on the wire.
      fields: { id: JOB, configuration: { text: 'ä'.repeat(jobBytes / 2) } },
      documents: [{ id: 'd', displayName: 'ä'.repeat(documentBytes / 2) }],
    },
  };
}

interface Data {
  data: { job?: unknown; documents?: unknown; truncated?: string[]; outcome: string };
}

const parse = (text: string) => (JSON.parse(text) as Data).data;

test('a queue message holds 64 KiB, 48 KiB before base64 (Azure Queue storage scalability targets)', () => {
  expect(MOST_EVENT_BYTES).toBe(49_152);
});

test('an event that fits is whole and has no `truncated`', () => {
  const data = parse(formatJobEvent(factsWith(1_000, 1_000)));
  expect(Object.keys(data)).toEqual(expect.arrayContaining(['job', 'documents']));
  expect(data.truncated).toBeUndefined();
});

test.each([
  ['the documents', 60_000, 1_000, ['documents']],
  ['the documents, then the job', 1_000, 60_000, ['documents', 'job']],
])('what does not fit drops %s, and says so', (_name, documentBytes, jobBytes, truncated) => {
  const text = formatJobEvent(factsWith(documentBytes, jobBytes));
  const data = parse(text);
  expect(Buffer.byteLength(text)).toBeLessThanOrEqual(49_152);
  expect(data.truncated).toEqual(truncated);
  expect(data.documents).toBeUndefined();
  expect('job' in data).toBe(truncated.length === 1);
  expect(data.outcome).toBe('released');
});

test('the largest event that fits is whole, one byte more is not', () => {
  const rest = Buffer.byteLength(formatJobEvent(factsWith(0, 0)));
  const room = MOST_EVENT_BYTES - rest;
  const even = room - (room % 2);
  expect(parse(formatJobEvent(factsWith(even, 0))).truncated).toBeUndefined();
  expect(parse(formatJobEvent(factsWith(even + 2, 0))).truncated).toEqual(['documents']);
});

test('an empty traceparent is left out: it would be none (W3C trace context)', () => {
  expect(JSON.parse(formatJobEvent({ ...factsWith(0, 0), traceparent: '' }))).not.toHaveProperty('traceparent');
});
