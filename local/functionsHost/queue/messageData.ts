import { toJsonObject } from '../hostError';
import type { TypedData } from '../worker/coreTypes';

/** A received message, with dates as the storage SDK returns them. */
export interface ReceivedMessage {
  readonly messageId: string;
  readonly popReceipt: string;
  readonly messageText: string;
  readonly dequeueCount: number;
  readonly insertedOn: Date;
  readonly expiresOn: Date;
  readonly nextVisibleOn: Date;
}

const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

/** The text inside a queue message. Undefined if it is not valid base64 although host.json says `base64`. */
export function decodeMessage(body: string, encoding: 'base64' | 'none'): string | undefined {
  if (encoding === 'none') return body;
  // .NET's Convert.FromBase64String skips white space and refuses everything else that is not base64.
  const compact = body.replace(/[ \t\r\n]/g, '');
  return BASE64.test(compact) ? Buffer.from(compact, 'base64').toString('utf8') : undefined;
}

/**
 * Trigger metadata of one message as the host sends it: the built-in names first, then every top-level property of a
 * JSON object except arrays. The host's map ignores case, so a property REPLACES a built-in of the same name
 * (Utility.ApplyBindingData): the `id` of a message hides the real one.
 */
export function toMessageMetadata(message: ReceivedMessage, text: string): Record<string, TypedData> {
  const metadata: Record<string, TypedData> = {
    QueueTrigger: { string: text },
    DequeueCount: { json: JSON.stringify(message.dequeueCount) },
    ExpirationTime: { json: JSON.stringify(message.expiresOn) },
    Id: { string: message.messageId },
    InsertionTime: { json: JSON.stringify(message.insertedOn) },
    NextVisibleTime: { json: JSON.stringify(message.nextVisibleOn) },
    PopReceipt: { string: message.popReceipt },
  };
  const names = new Map(Object.keys(metadata).map((name) => [name.toLowerCase(), name]));
  for (const [property, value] of Object.entries(toJsonObject(text) ?? {})) {
    if (Array.isArray(value) || value === null) continue;
    const name = names.get(property.toLowerCase()) ?? property;
    names.set(name.toLowerCase(), name);
    metadata[name] = toBindingValue(value);
  }
  return metadata;
}

/** .NET turns every primitive into text (`True` for true) and keeps objects (Utility.ConvertPropertyValue). */
function toBindingValue(value: unknown): TypedData {
  if (typeof value === 'string') return { string: value };
  if (typeof value === 'boolean') return { string: value ? 'True' : 'False' };
  return typeof value === 'number' ? { string: String(value) } : { json: JSON.stringify(value) };
}
