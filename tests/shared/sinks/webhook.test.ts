import { Webhook, WebhookVerificationError } from 'standardwebhooks';
import type { PostRequest } from '../../../shared/sinks/post';
import { createWebhookSink, signEvent } from '../../../shared/sinks/webhook';
import { parseEvent } from '../../../shared/sinks/event';
import { testKey } from '../../support/testKey';

/*
 * The signatures are verified by the verifier of Standard Webhooks itself, which a receiver uses.
 */

const ID = 'aaaaaaaa-0000-4000-8000-000000000001/jobFetchable_bbbbbbbb-0000-4000-8000-000000000001_7';
const TEXT = JSON.stringify({
  specversion: '1.0',
  id: ID,
  source: '/tenants/a/printers/b',
  type: 'print.job.fetchable',
  data: { job: { displayName: 'Zeile\n"🖨" \u2028', createdBy: null } },
});
const EVENT = { id: ID, text: TEXT };
const secretOf = (key: Buffer) => `whsec_${key.toString('base64')}`;
const [OLD, NEW, OTHER] = [testKey(1), testKey(2), testKey(3)];

describe('the signature of a webhook', () => {
  it('is valid for the verifier of Standard Webhooks', () => {
    const headers = signEvent(EVENT, [NEW], Date.now());
    expect(new Webhook(secretOf(NEW)).verify(TEXT, headers)).toEqual(JSON.parse(TEXT));
    // The example of the specification has this form: v1, and the HMAC in base64.
    expect(headers['webhook-signature']).toMatch(/^v1,[A-Za-z0-9+/]{43}=$/);
  });

  it('is valid for the old and the new secret during a rotation, and for no other', () => {
    const headers = signEvent(EVENT, [NEW, OLD], Date.now());
    expect(headers['webhook-signature'].split(' ')).toHaveLength(2);
    for (const key of [OLD, NEW]) expect(new Webhook(secretOf(key)).verify(TEXT, headers)).toBeDefined();
    expect(() => new Webhook(secretOf(OTHER)).verify(TEXT, headers)).toThrow(WebhookVerificationError);
  });

  it('covers the body, the id and the time', () => {
    const verifier = new Webhook(secretOf(NEW));
    const headers = signEvent(EVENT, [NEW], Date.now());
    const changed = {
      'webhook-id': `${headers['webhook-id']}x`,
      'webhook-timestamp': String(Number(headers['webhook-timestamp']) + 1),
    };
    expect(() => verifier.verify(`${TEXT} `, headers)).toThrow(WebhookVerificationError);
    for (const [name, value] of Object.entries(changed)) {
      expect(() => verifier.verify(TEXT, { ...headers, [name]: value })).toThrow(WebhookVerificationError);
    }
    // Standard Webhooks: receivers refuse what is older than five minutes, so each attempt is signed at its own time.
    const hourAgo = signEvent(EVENT, [NEW], Date.now() - 3_600_000);
    expect(() => verifier.verify(TEXT, hourAgo)).toThrow(/timestamp too old/);
  });

  it('has the same id for each attempt, of the form that the contract names', () => {
    const ids = [0, 86_400_000].map((now) => signEvent(EVENT, [NEW], now)['webhook-id']);
    // printf %s "$ID" | openssl dgst -sha256 -binary | basenc --base64url | tr -d =
    expect(ids).toEqual(Array(2).fill('evt_PZLNSnhNoL5hZgiGGU0kZnoaKIFcgjFC4nEbsrpi5Ik'));
    expect(signEvent({ ...EVENT, id: `${ID}/end` }, [NEW], 0)['webhook-id']).not.toBe(ids[0]);
  });
});

it('the body is the event as it was formed, though the host has parsed it', async () => {
  const posted: PostRequest[] = [];
  const post = (request: PostRequest) => {
    posted.push(request);
    return Promise.resolve({ status: 204, headers: {} });
  };
  const sink = createWebhookSink(
    { url: 'https://events.example/', secrets: [NEW] },
    { post, clock: { now: Date.now } },
  );
  for (const message of [TEXT, JSON.parse(TEXT) as unknown]) await sink(parseEvent(message) ?? EVENT);
  expect(posted).toHaveLength(2);
  for (const { url, body, headers } of posted) {
    expect({ url, body }).toEqual({ url: 'https://events.example/', body: TEXT });
    // CloudEvents, HTTP protocol binding, 3.2: structured content mode.
    expect(headers['content-type']).toBe('application/cloudevents+json; charset=utf-8');
    expect(new Webhook(secretOf(NEW)).verify(body, headers)).toEqual(JSON.parse(TEXT));
  }
});

it.each([
  [{ specversion: '1.0', id: '', source: 's', type: 't' }],
  [{ specversion: '0.3', id: 'i', source: 's', type: 't' }],
  [{ specversion: '1.0', id: 'i', source: 's' }],
  [{ specversion: '1.0', id: 7, source: 's', type: 't' }],
  ['text'],
  [null],
  [[]],
])('%j is no CloudEvent', (message) => {
  expect(parseEvent(message)).toBeUndefined();
});
