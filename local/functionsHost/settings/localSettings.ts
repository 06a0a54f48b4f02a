import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { HostError, messageOf } from '../hostError';

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
  let json: unknown;
  try {
    json = JSON.parse(text.replace(/^\uFEFF/, ''));
  } catch (error) {
    throw new HostError('bad_settings', `${name} is not JSON: ${messageOf(error)}`, { cause: error });
  }
  if (!isRecord(json)) throw new HostError('bad_settings', `${name} must hold one JSON object.`);
  if (json.IsEncrypted === true)
    throw new HostError('bad_settings', `${name} is encrypted: decrypt it with "func settings decrypt".`);
  const values = json.Values ?? {};
  if (!isRecord(values)) throw new HostError('bad_settings', `${name}: "Values" must be an object of texts.`);
  return Object.fromEntries(
    Object.entries(values).map(([key, value]) => {
      if (typeof value !== 'string' && typeof value !== 'number' && typeof value !== 'boolean')
        throw new HostError('bad_settings', `${name}: Values.${key} must be a text, as app settings are.`);
      return [key, String(value)];
    }),
  );
}

/** Sets each value that `env` does not have yet: the real environment wins. */
export function applyLocalSettings(values: Readonly<Record<string, string>>, env: NodeJS.ProcessEnv): void {
  for (const [name, value] of Object.entries(values)) env[name] ??= value;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
