/** The setting by which Node trusts a certificate authority more. */
const CERTIFICATES = 'NODE_EXTRA_CA_CERTS';

/** The `Values` of a local.settings.json text. @throws when it is no such file, saying what it should look like */
export function readSettingsValues(text: string): Record<string, string> {
  const values = readValues(parseFile(text));
  const kept = Object.entries(values).filter(([, value]) => typeof value === 'string' && value !== '');
  return Object.fromEntries(kept) as Record<string, string>;
}

/**
 * The text of local.settings.json for a new machine: the example with a signing key of its own.
 *
 * @param randomBytes for the key; 32 bytes are the least that CLIENT_STATE_KEYS takes
 */
export function withFreshKeys(example: string, randomBytes: (count: number) => Buffer): string {
  return changed(example, (values) => {
    values['CLIENT_STATE_KEYS'] = `local1:${randomBytes(32).toString('base64')}`;
  });
}

/** The same text with the certificate file that the simulator made, unless it names one that somebody chose. */
export function withCertificates(text: string, caFile: string): string {
  if (readSettingsValues(text)[CERTIFICATES] !== undefined) return text;
  return changed(text, (values) => {
    values[CERTIFICATES] = caFile;
  });
}

/**
 * The same text without the certificate file of an earlier start, which nobody needs any more: one that is gone, or one
 * that a simulator made and could not take away.
 */
export function withoutOldCertificates(text: string, exists: (file: string) => boolean): string {
  const file = readSettingsValues(text)[CERTIFICATES];
  if (file === undefined || (exists(file) && !/graph-simulator-[^/\\]+[/\\]ca\.pem$/.test(file))) return text;
  return changed(text, (values) => {
    values[CERTIFICATES] = '';
  });
}

function changed(text: string, change: (values: Record<string, unknown>) => void): string {
  const file = parseFile(text);
  change(readValues(file));
  return `${JSON.stringify(file, null, 2)}\n`;
}

function parseFile(text: string): unknown {
  return JSON.parse(text.replace(/^\uFEFF/, ''));
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
