import type { TypedData } from '../worker/coreTypes';

/** A received message, dates as the storage SDK gives them. */
export interface ReceivedMessage {
  readonly messageId: string;
  readonly popReceipt: string;
  readonly messageText: string;
  readonly dequeueCount: number;
  readonly insertedOn: Date;
  readonly expiresOn: Date;
  readonly nextVisibleOn: Date;
}

/**
 * Trigger metadata of one message as the host sends it: built-ins first, then every top-level property of a JSON text
 * that is no array. The host's map ignores case, so such a property REPLACES a built-in of that name
 * (Utility.ApplyBindingData): a message with its own `id` hides the real one.
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
  for (const [property, value] of Object.entries(topLevel(text))) {
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

function topLevel(text: string): Record<string, unknown> {
  try {
    const json: unknown = JSON.parse(text);
    return typeof json === 'object' && json !== null && !Array.isArray(json) ? { ...json } : {};
  } catch {
    return {};
  }
}
