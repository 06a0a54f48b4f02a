import { formatTime, readAsDotNet } from '../dotNetTime';
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

const STRICT_UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

/** The text inside a queue message, or why there is none. */
export type Decoded = { readonly text: string } | { readonly problem: 'not base64' | 'not UTF-8' };

/** Decodes the body of a message. `encoding` is `messageEncoding` of host.json. */
export function decodeMessage(body: string, encoding: 'base64' | 'none'): Decoded {
  if (encoding === 'none') return { text: body };
  // .NET's Convert.FromBase64String skips white space and refuses everything else that is not base64.
  const compact = body.replace(/[ \t\r\n]/g, '');
  if (!BASE64.test(compact)) return { problem: 'not base64' };
  try {
    return { text: STRICT_UTF8.decode(Buffer.from(compact, 'base64')) };
  } catch {
    return { problem: 'not UTF-8' };
  }
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
    ExpirationTime: { json: JSON.stringify(formatTime(message.expiresOn.getTime())) },
    Id: { string: message.messageId },
    InsertionTime: { json: JSON.stringify(formatTime(message.insertedOn.getTime())) },
    NextVisibleTime: { json: JSON.stringify(formatTime(message.nextVisibleOn.getTime())) },
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

/** .NET turns every primitive into text (`True` for true, dates too) and keeps objects (Utility.ConvertPropertyValue). */
function toBindingValue(value: unknown): TypedData {
  if (typeof value === 'string') return { string: readAsDotNet(value) };
  if (typeof value === 'boolean') return { string: value ? 'True' : 'False' };
  return typeof value === 'number' ? { string: String(value) } : { json: JSON.stringify(value) };
}
