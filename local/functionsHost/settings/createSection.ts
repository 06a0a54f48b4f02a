import { HostError } from '../hostError';
import { parseTimeSpan } from './parseTimeSpan';

/** Typed reading of one object of host.json. Names are matched whatever their case, as .NET configuration does. */
export interface Section {
  value(name: string): unknown;
  section(name: string): Section;
  text(name: string, fallback: string): string;
  texts(): Record<string, string>;
  oneOf<T extends string>(name: string, choices: readonly T[], fallback: T): T;
  integer(name: string, fallback: number, low: number, high?: number): number;
  /** Milliseconds. */
  timeSpan(name: string, fallbackMs: number, lowMs: number, highMs?: number): number;
}

/** A section at `path` (dotted, empty at the top) over what was parsed there. */
export function createSection(path: string, json: unknown): Section {
  const entries = new Map(
    Object.entries(isRecord(json) ? json : {}).map(([name, value]) => [name.toLowerCase(), { name, value }]),
  );
  const value = (name: string) => entries.get(name.toLowerCase())?.value;
  const bad = (name: string, remedy: string) =>
    new HostError(
      'bad_host_json',
      `host.json: ${pathOf(path, name)} must be ${remedy}, got ${JSON.stringify(value(name))}.`,
    );

  return {
    value,
    section: (name) => createSection(pathOf(path, name), value(name)),
    text(name, fallback) {
      const found = value(name) ?? fallback;
      if (typeof found !== 'string') throw bad(name, 'a text');
      return found;
    },
    texts: () => Object.fromEntries([...entries.values()].map((entry) => [entry.name, String(entry.value)])),
    oneOf(name, choices, fallback) {
      const found = value(name);
      if (found === undefined) return fallback;
      const choice = choices.find(
        (one) => typeof found === 'string' && one.toLowerCase() === found.toLowerCase(),
      );
      if (choice === undefined) throw bad(name, choices.join(' or '));
      return choice;
    },
    integer(name, fallback, low, high) {
      const found = value(name);
      if (found === undefined) return fallback;
      const number = Number(found);
      if (
        typeof found === 'boolean' ||
        !Number.isInteger(number) ||
        number < low ||
        (high !== undefined && number > high)
      )
        throw bad(
          name,
          high === undefined ? `a whole number of at least ${low}` : `a whole number from ${low} to ${high}`,
        );
      return number;
    },
    timeSpan(name, fallbackMs, lowMs, highMs) {
      const found = value(name);
      if (found === undefined) return fallbackMs;
      const milliseconds = typeof found === 'string' ? parseTimeSpan(found) : undefined;
      if (milliseconds === undefined) throw bad(name, 'a time span such as "00:00:30"');
      if (milliseconds < lowMs || (highMs !== undefined && milliseconds > highMs))
        throw bad(name, highMs === undefined ? `at least ${lowMs} ms` : `from ${lowMs} to ${highMs} ms`);
      return milliseconds;
    },
  };
}

function pathOf(path: string, name: string): string {
  return path === '' ? name : `${path}.${name}`;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
