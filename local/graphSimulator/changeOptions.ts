import { invalidInput, requireRecord } from './readFields';

/**
 * Overwrites the named options in place, from a JSON body. Throws INVALID_INPUT for an unknown name or a value of
 * another type than the present one; then nothing is changed.
 */
export function changeOptions(options: object, change: unknown): void {
  const present = new Map<string, unknown>(Object.entries(options));
  const entries = Object.entries(requireRecord(change));
  for (const [name, value] of entries) {
    if (!present.has(name))
      throw invalidInput(`Unknown option '${name}'. Known: ${[...present.keys()].join(', ')}.`);
    const wanted = typeof present.get(name);
    if (typeof value !== wanted) throw invalidInput(`Option '${name}' must be a ${wanted}.`);
  }
  Object.assign(options, Object.fromEntries(entries));
}
