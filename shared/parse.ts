/** First steps of every parser of outside data: each takes `unknown` and gives a typed value or undefined. */

/** True for JSON objects: not null, not an array. */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The value of a JSON text, or undefined when the text is not JSON. The parser's own message would quote its input. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

/** The text in `value`, or '' for anything else. */
export function parseText(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

/** The one of `words` that `value` is, or undefined. */
export function parseOneOf<Word extends string>(value: unknown, words: readonly Word[]): Word | undefined {
  return words.find((word) => word === value);
}

/** The fields of `record` among `names` that hold a text. */
export function pickTexts<Name extends string>(record: Readonly<Record<string, unknown>>, names: readonly Name[]) {
  const texts: Partial<Record<Name, string>> = {};
  for (const name of names) {
    const value = record[name];
    if (typeof value === 'string') texts[name] = value;
  }
  return texts;
}

/** Characters of an id that is safe as a table key and in a URL. Dots alone are a path and not an id. */
const ID = /^(?!\.+$)[A-Za-z0-9._-]{1,128}$/;
const GUID = /^[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$/;

/** The id lower-cased, because Graph compares GUIDs without case; undefined when it is not an id that we accept. */
export function parseId(value: unknown): string | undefined {
  return typeof value === 'string' && ID.test(value) ? value.toLowerCase() : undefined;
}

/** A job id: as `parseId`, in the case that Graph gave it. */
export function parseJobId(value: unknown): string | undefined {
  return typeof value === 'string' && ID.test(value) ? value : undefined;
}

/** A GUID lower-cased. */
export function parseGuid(value: unknown): string | undefined {
  return typeof value === 'string' && GUID.test(value) ? value.toLowerCase() : undefined;
}

/** True for a time as this product writes it. `Date.parse` alone would also take a bare number for a year. */
export function isIsoTime(value: unknown): value is string {
  if (typeof value !== 'string') return false;
  const ms = Date.parse(value);
  return !Number.isNaN(ms) && new Date(ms).toISOString() === value;
}
