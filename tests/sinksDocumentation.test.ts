import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Webhook } from 'standardwebhooks';
import { parseEvent } from '../shared/sinks/event';
import { signEvent } from '../shared/sinks/webhook';

const sinks = readFileSync(join(__dirname, '..', 'docs', 'sinks.md'), 'utf8');

describe('the request that docs/sinks.md shows', () => {
  const [head = '', body = ''] = (/```http\n([\s\S]*?)\n```/.exec(sinks)?.[1] ?? '').split('\n\n');
  const headers = Object.fromEntries(
    head
      .split('\n')
      .slice(1)
      .map((line) => /^(\S+): (.*)$/.exec(line)?.slice(1) ?? []),
  ) as Record<string, string>;
  const secret = /whsec_[A-Za-z0-9+/]{20,}=*/.exec(sinks)?.[0] ?? '';

  it('is what the app sends', () => {
    const event = parseEvent(body);
    const key = Buffer.from(secret.slice('whsec_'.length), 'base64');
    const sent = event && signEvent(event, [key], Number(headers['webhook-timestamp']) * 1_000);
    expect(headers).toMatchObject(sent ?? { missing: true });
    expect(event?.text).toBe(body);
  });

  it('is accepted by the verifier of Standard Webhooks at its time', () => {
    jest.useFakeTimers({ now: Number(headers['webhook-timestamp']) * 1_000 });
    try {
      expect(new Webhook(secret).verify(body, headers)).toMatchObject({ type: 'print.job.fetchable' });
    } finally {
      jest.useRealTimers();
    }
  });
});
