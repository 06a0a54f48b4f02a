import type { ProxyCall } from '../local/faultProxy/proxyCall';
import { isEventUnrecorded } from './support/findBrokenPromises';

const call = (fields: Partial<ProxyCall>): ProxyCall => ({
  ...{ n: 1, target: 'table', method: 'PUT', path: '/', effect: '', startedAt: 0, end: 'answered' },
  ...fields,
});

/** As the storage client puts a message on the queue. */
const sent = (id: string) => {
  const text = Buffer.from(JSON.stringify({ id })).toString('base64');
  const bodyText = `<?xml version="1.0"?><QueueMessage><MessageText>${text}</MessageText></QueueMessage>`;
  return call({ target: 'queue', effect: 'queue.send', resource: 'print-job-events', bodyText });
};

const written = (RowKey: string, status: string, end: ProxyCall['end'] = 'answered') => {
  const row = JSON.stringify({ PartitionKey: 't', RowKey, status });
  const index = 'DELETE http://127.0.0.1/PrintJobs(open) HTTP/1.1';
  const bodyText = ['PUT http://127.0.0.1/PrintJobs(row) HTTP/1.1', '', row, '', index, ''].join('\r\n');
  return call({ effect: 'table.batch', resource: 'PrintJobs', bodyText, ...(end && { end }) });
};

// The crash tests let an event come twice only where the death fell between its send and its record.
test.each([
  ['no event was sent', [written('a', 'claimed')], false],
  ['its record has been answered', [sent('t/a'), written('a', 'done')], false],
  ['only something else was written of it', [sent('t/a'), written('a', 'claimed')], true],
  ['its record has no answer', [sent('t/a'), written('a', 'done', 'dropped')], true],
  ['the record after it is another job’s', [sent('t/a'), sent('t/b'), written('b', 'done')], true],
  ['both are recorded', [sent('t/a'), sent('t/b'), written('b', 'done'), written('a', 'done')], false],
])('whether an event may be repeated where %s', (_case, calls, mayRepeat) => {
  expect(isEventUnrecorded(calls)).toBe(mayRepeat);
});
