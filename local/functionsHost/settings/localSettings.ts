import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { HostError, parseJson } from '../hostError';

const APP_SETTING = z.union([z.string(), z.number(), z.boolean()], 'must be a text, as app settings are');
const LOCAL_SETTINGS = z.object(
  {
    IsEncrypted: z.literal(false, 'must be false: decrypt the file with "func settings decrypt"').default(false),
    Values: z.record(z.string(), APP_SETTING.transform(String), 'must be an object of texts').default({}),
  },
  'must be one JSON object',
);

/**
 * Reads the `Values` of a local settings file. `choice` is a path, `none`, or undefined for
 * `<root>/local.settings.json`, which may be absent. Throws HostError `bad_settings` if a named file is missing.
 */
export function readLocalSettings(root: string, choice: string | undefined): Record<string, string> {
  if (choice === 'none') return {};
  const path = choice ?? join(root, 'local.settings.json');
  if (existsSync(path)) return parseLocalSettings(path, readFileSync(path, 'utf8'));
  if (choice === undefined) return {};
  throw new HostError('bad_settings', `--settings: no file ${path}. Name an existing file, or "none".`);
}

/** Parses a local settings file called `name`. Throws HostError `bad_settings` that names the wrong part. */
export function parseLocalSettings(name: string, text: string): Record<string, string> {
  const parsed = LOCAL_SETTINGS.safeParse(parseJson(name, text, 'bad_settings'));
  if (parsed.success) return parsed.data.Values;
  const problems = parsed.error.issues.map(({ path, message }) => [name, path.join('.'), message].filter(Boolean));
  throw new HostError('bad_settings', `${problems.map((words) => words.join(' ')).join('. ')}.`);
}

/** Sets each value that `env` does not have yet: the real environment wins. */
export function applyLocalSettings(values: Readonly<Record<string, string>>, env: NodeJS.ProcessEnv): void {
  for (const [name, value] of Object.entries(values)) env[name] ??= value;
}
