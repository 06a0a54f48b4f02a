import { createHash, createHmac } from 'node:crypto';
import type { Clock } from '../clock';
import type { EventText } from './event';
import type { Post } from './post';
import type { Sink } from './sender';

/** A webhook of the vendor, by Standard Webhooks (https://www.standardwebhooks.com). */
export function createWebhookSink(
  { url, secrets }: { url: string; secrets: readonly Buffer[] },
  { post, clock }: { post: Post; clock: Pick<Clock, 'now'> },
): Sink {
  return (event) => {
    const headers = {
      'content-type': 'application/cloudevents+json; charset=utf-8',
      'user-agent': 'universal-print-receiver',
      ...signEvent(event, secrets, clock.now()),
    };
    return post({ url, headers, body: event.text });
  };
}

/**
 * The headers that prove who sent an event, and when. The id stays the same for every attempt. It is a hash, because an id
 * of Standard Webhooks contains no full stop, which separates the parts of the signed text.
 *
 * @param now milliseconds since 1970
 */
export function signEvent(
  { id, text }: EventText,
  secrets: readonly Buffer[],
  now: number,
): Record<'webhook-id' | 'webhook-timestamp' | 'webhook-signature', string> {
  const webhookId = `evt_${createHash('sha256').update(id).digest('base64url')}`;
  const timestamp = String(Math.floor(now / 1_000));
  const signed = `${webhookId}.${timestamp}.${text}`;
  const signatures = secrets.map((secret) => `v1,${createHmac('sha256', secret).update(signed).digest('base64')}`);
  return { 'webhook-id': webhookId, 'webhook-timestamp': timestamp, 'webhook-signature': signatures.join(' ') };
}
