import { isRecord, parseJson } from '../parse';

/** A CloudEvent as it is delivered. */
export interface EventText {
  id: string;
  /** JSON, byte for byte as the worker has formed it. */
  text: string;
}

/**
 * A message of the queue of events: the text, or its value as the host has parsed it. Writing the value as JSON restores
 * the text, because the worker writes JSON in the same way.
 *
 * @returns undefined for anything but a CloudEvent 1.0 (required attributes of the specification)
 */
export function parseEvent(message: unknown): EventText | undefined {
  const value = typeof message === 'string' ? parseJson(message) : message;
  if (!isRecord(value) || value['specversion'] !== '1.0') return undefined;
  const { id, source, type } = value;
  if (![id, source, type].every((attribute) => typeof attribute === 'string' && attribute !== '')) return undefined;
  return { id: String(id), text: JSON.stringify(value) };
}
