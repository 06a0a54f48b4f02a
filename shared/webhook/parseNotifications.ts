import { isRecord } from '../parse';

/** Why a body is no changeNotificationCollection. */
export type BadBody = 'emptyBody' | 'notJson' | 'noValue';

/** A changeNotificationCollection (resources/changenotificationcollection.md), its items not looked at yet. */
export interface Notifications {
  items: readonly unknown[];
  validationTokens: unknown;
}

/** The items of a posted body, or why it has none. Never throws. */
export function parseNotifications(body: Uint8Array): Notifications | { bad: BadBody } {
  if (body.byteLength === 0) return { bad: 'emptyBody' };
  const collection = parseJson(Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString('utf8'));
  if (collection === undefined) return { bad: 'notJson' };
  const items = isRecord(collection) ? collection['value'] : undefined;
  if (!isRecord(collection) || !Array.isArray(items)) return { bad: 'noValue' };
  return { items, validationTokens: collection['validationTokens'] };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
