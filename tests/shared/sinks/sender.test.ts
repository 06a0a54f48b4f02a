import type { IncomingHttpHeaders } from 'node:http';
import type { PostAnswer } from '../../../shared/sinks/post';
import { createSender } from '../../../shared/sinks/sender';
import { createFakeClock } from '../../support/createFakeClock';

const EVENT = { id: 'i', text: '{}' };
const MINUTE = 60_000;
const status = (code: number, headers: IncomingHttpHeaders = {}): PostAnswer => ({ status: code, headers });

function open(...answers: PostAnswer[]) {
  const clock = createFakeClock();
  let calls = 0;
  const sender = createSender({ clock, sink: () => Promise.resolve(answers[calls++] ?? status(200)) });
  return { clock, send: () => sender(EVENT), calls: () => calls };
}

it.each([200, 201, 202, 204])('%i accepts the event', async (code) => {
  expect(await open(status(code)).send()).toEqual({ outcome: 'accepted', status: code });
});

// Standard Webhooks: any status but 2xx is a failed attempt, 410 and redirects among them.
it.each([301, 308, 400, 401, 404, 410, 413, 429, 500, 503])('%i is a failure that is tried again', async (code) => {
  const { send } = open(status(code));
  expect(await send()).toEqual({ outcome: 'failed', reason: `status ${code}`, waitMs: 0 });
  expect(await send()).toMatchObject({ outcome: 'accepted' });
});

it('an answer that did not arrive is a failure with its code', async () => {
  expect(await open({ noAnswer: 'ENOTFOUND' }).send()).toEqual({ outcome: 'failed', reason: 'ENOTFOUND', waitMs: 0 });
});

describe('Retry-After', () => {
  it.each([
    ['120', 2 * MINUTE],
    ['7200', 60 * MINUTE],
    ['Sun, 22 Nov 2026 00:05:00 GMT', 4 * MINUTE],
    ['Fri, 31 Dec 9999 23:59:59 GMT', 60 * MINUTE],
  ])('%s pauses the sink, for an hour at most', async (retryAfter, waitMs) => {
    // The date is counted from the clock of the sink.
    const headers = { 'retry-after': retryAfter, date: 'Sun, 22 Nov 2026 00:01:00 GMT' };
    const { clock, send, calls } = open(status(503, headers));
    expect(await send()).toEqual({ outcome: 'failed', reason: 'status 503', waitMs });
    clock.advance(waitMs - 1);
    expect(await send()).toEqual({ outcome: 'paused', reason: 'status 503', waitMs: 1 });
    expect(calls()).toBe(1);
    clock.advance(1);
    expect(await send()).toMatchObject({ outcome: 'accepted' });
  });
});

describe('failures', () => {
  const failed = { noAnswer: 'ETIMEDOUT' };

  it('three in a row pause the sink for half a minute, and then each further one does', async () => {
    const { clock, send, calls } = open(failed, failed, failed, failed);
    for (let n = 0; n < 3; n += 1) expect(await send()).toMatchObject({ outcome: 'failed' });
    expect(await send()).toEqual({ outcome: 'paused', reason: 'ETIMEDOUT', waitMs: 30_000 });
    expect(calls()).toBe(3);
    clock.advance(30_000);
    expect(await send()).toMatchObject({ outcome: 'failed' });
    expect(await send()).toMatchObject({ outcome: 'paused' });
    clock.advance(30_000);
    for (let n = 0; n < 3; n += 1) expect(await send()).toMatchObject({ outcome: 'accepted' });
  });

  it('between accepted events pause nothing: one event that the sink cannot process delays no other', async () => {
    const wrong = status(500);
    const { send } = open(wrong, wrong, status(200), wrong, wrong, status(200), wrong);
    for (let n = 0; n < 7; n += 1) expect(await send()).not.toMatchObject({ outcome: 'paused' });
  });
});

it('calls the sink four times side by side, and not once more after it has failed', async () => {
  const pending: ((answer: PostAnswer) => void)[] = [];
  const sender = createSender({
    clock: createFakeClock(),
    sink: () => new Promise((resolve) => pending.push(resolve)),
  });
  const sent = Array.from({ length: 24 }, () => sender(EVENT));
  await new Promise((resolve) => setImmediate(resolve));
  expect(pending).toHaveLength(4);
  for (const answer of pending) answer({ noAnswer: 'ETIMEDOUT' });
  const outcomes = (await Promise.all(sent)).map(({ outcome }) => outcome);
  expect(outcomes.filter((outcome) => outcome === 'failed')).toHaveLength(4);
  expect(outcomes.filter((outcome) => outcome === 'paused')).toHaveLength(20);
  expect(pending).toHaveLength(4);
});
