/** The `Values` of a local.settings.json text. @throws when it is no such file, saying what it should look like */
export function readSettingsValues(text: string): Record<string, string> {
  const values = readValues(JSON.parse(text));
  const kept = Object.entries(values).filter(([, value]) => typeof value === 'string' && value !== '');
  return Object.fromEntries(kept) as Record<string, string>;
}

/**
 * The text of local.settings.json for a new machine: the example with a signing key of its own.
 *
 * @param randomBytes for the key; 32 bytes are the least that CLIENT_STATE_KEYS takes
 */
export function withFreshKeys(example: string, randomBytes: (count: number) => Buffer): string {
  const file: unknown = JSON.parse(example);
  const values = readValues(file);
  values['CLIENT_STATE_KEYS'] = `local1:${randomBytes(32).toString('base64')}`;
  return `${JSON.stringify(file, null, 2)}\n`;
}

function readValues(file: unknown): Record<string, unknown> {
  if (typeof file === 'object' && file !== null && 'Values' in file) {
    const { Values } = file;
    if (typeof Values === 'object' && Values !== null) return Values as Record<string, unknown>;
  }
  throw new Error(
    'local.settings.json has no "Values": delete it and start again, or copy local.settings.example.json',
  );
}
