/** True for JSON objects: not null, not an array. The first step of every parser of outside data. */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
