/** Error of a request that does not have the expected form; answered with 400 and its message. */
interface InvalidInput extends Error {
  code: 'INVALID_INPUT';
}

/** Makes the error that the servers answer with 400. */
export function invalidInput(message: string): InvalidInput {
  return Object.assign(new Error(message), { code: 'INVALID_INPUT' as const });
}

/** Tells whether an error came from `invalidInput`. */
export function isInvalidInput(error: unknown): error is InvalidInput {
  return error instanceof Error && 'code' in error && error.code === 'INVALID_INPUT';
}

/** Gives the value as an object with unknown members, or undefined when it is anything else. */
export function asRecord(value: unknown): Record<string, unknown> | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? Object.fromEntries(Object.entries(value))
    : undefined;
}

/** The body as an object; throws INVALID_INPUT for anything else. */
export function requireRecord(value: unknown): Record<string, unknown> {
  const record = asRecord(value);
  if (!record) throw invalidInput('The body must be a JSON object.');
  return record;
}

/** A non-empty string member; throws INVALID_INPUT naming the member. */
export function requireString(record: Record<string, unknown>, name: string): string {
  const value = record[name];
  if (typeof value !== 'string' || value === '')
    throw invalidInput(`'${name}' is required and must be a string.`);
  return value;
}

/** A string member or undefined when absent or null; throws INVALID_INPUT for another type. */
export function optionalString(record: Record<string, unknown>, name: string): string | undefined {
  const value = record[name];
  if (value === undefined || value === null) return undefined;
  if (typeof value !== 'string') throw invalidInput(`'${name}' must be a string.`);
  return value;
}

/** A number member or undefined when absent or null; throws INVALID_INPUT for another type or a negative number below `low`. */
export function optionalNumber(record: Record<string, unknown>, name: string, low = 0): number | undefined {
  const value = record[name];
  if (value === undefined || value === null) return undefined;
  if (typeof value !== 'number' || !Number.isFinite(value) || value < low)
    throw invalidInput(`'${name}' must be a number of at least ${String(low)}.`);
  return value;
}

/** A boolean member or undefined when absent or null; throws INVALID_INPUT for another type. */
export function optionalBoolean(record: Record<string, unknown>, name: string): boolean | undefined {
  const value = record[name];
  if (value === undefined || value === null) return undefined;
  if (typeof value !== 'boolean') throw invalidInput(`'${name}' must be true or false.`);
  return value;
}

/** A list of strings or undefined when absent or null; throws INVALID_INPUT for anything else. */
export function optionalStrings(record: Record<string, unknown>, name: string): string[] | undefined {
  const value = record[name];
  if (value === undefined || value === null) return undefined;
  if (!Array.isArray(value)) throw invalidInput(`'${name}' must be a list of strings.`);
  return value.map((entry: unknown) => {
    if (typeof entry !== 'string') throw invalidInput(`'${name}' must be a list of strings.`);
    return entry;
  });
}
