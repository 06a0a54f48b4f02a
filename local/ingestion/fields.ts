/** Why an item is refused, in the words of the service: `106: Field 'value' on type 'DataPoint' is of incorrect type. …` */
export class RefusedItem extends Error {}

export type Fields = Readonly<Record<string, unknown>>;

export function readObject(value: unknown, field: string, type: string): Fields {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw wrongType(field, type, 'object', value);
  return { ...value };
}

/** A text of at most `most` characters. Undefined for an optional field without a value. */
export function readText(fields: Fields, field: string, type: string, most: number): string | undefined {
  const value = fields[field];
  if (value === undefined || value === null) return undefined;
  if (typeof value !== 'string') throw wrongType(field, type, 'string', value);
  if (value.length > most) {
    throw new RefusedItem(
      `105: Field '${field}' on type '${type}' is too long. Expected: ${most} characters, Actual: ${value.length}`,
    );
  }
  return value;
}

export function requireText(fields: Fields, field: string, type: string, most: number): string {
  const value = readText(fields, field, type, most);
  if (value !== undefined && value !== '') return value;
  throw new RefusedItem(`109: Field '${field}' on type '${type}' is required but missing or empty.`);
}

/** A number. JSON has no NaN and no infinity: what a client sends for them is null or a text. */
export function readNumber(fields: Fields, field: string, type: string): number | undefined {
  const value = fields[field];
  if (value === undefined) return undefined;
  if (typeof value !== 'number') throw wrongType(field, type, 'number', value);
  return value;
}

/** `properties` (texts) or `measurements` (numbers) of an item. */
export function readBag<T extends 'string' | 'number'>(
  fields: Fields,
  field: string,
  type: string,
  of: T,
): Record<string, T extends 'string' ? string : number>;
export function readBag(fields: Fields, field: string, type: string, of: 'string' | 'number'): Fields {
  if (fields[field] === undefined || fields[field] === null) return {};
  const bag = readObject(fields[field], field, type);
  for (const [key, value] of Object.entries(bag)) {
    if (key.length > MOST_KEY) throw new RefusedItem(`105: A key of '${field}' on type '${type}' is too long.`);
    if (typeof value !== of) throw wrongType(`${field}.${key}`, type, of, value);
    if (of === 'string') readText(bag, key, type, MOST_PROPERTY);
  }
  return bag;
}

/** Limits page: 150 characters for names of properties and metrics, 8,192 for values of properties. */
export const MOST_KEY = 150;
const MOST_PROPERTY = 8_192;

export function wrongType(field: string, type: string, expected: string, actual: unknown): RefusedItem {
  return new RefusedItem(
    `106: Field '${field}' on type '${type}' is of incorrect type. Expected: ${expected}, Actual: ${JSON.stringify(actual)}`,
  );
}
