import { chmodSync, writeFileSync } from 'node:fs';
import { parseObject } from './standIns';

/** The setting by which Node trusts an additional certificate authority. */
const CERTIFICATES = 'NODE_EXTRA_CA_CERTS';

/** The `Values` of a local.settings.json text that are not empty. @throws if it is not such a file, with the remedy */
export function readSettingsValues(text: string): Record<string, string> {
  const kept: Record<string, string> = {};
  for (const [name, value] of Object.entries(parseFile(text).Values))
    if (typeof value === 'string' && value !== '') kept[name] = value;
  return kept;
}

/**
 * The text of local.settings.json for a new machine: the example with its own signing key.
 *
 * @param randomBytes for the key. CLIENT_STATE_KEYS takes at least 32 bytes
 */
export function withFreshKeys(example: string, randomBytes: (count: number) => Buffer): string {
  return withValue(example, 'CLIENT_STATE_KEYS', `local1:${randomBytes(32).toString('base64')}`);
}

/** The same text with the certificate file of the simulator, unless it names another one. */
export function withCertificates(text: string, caFile: string): string {
  return readSettingsValues(text)[CERTIFICATES] === undefined ? withValue(text, CERTIFICATES, caFile) : text;
}

/** The same text without the certificate file of an earlier start: one that is missing, or one of a simulator. */
export function withoutOldCertificates(text: string, exists: (file: string) => boolean): string {
  const file = readSettingsValues(text)[CERTIFICATES];
  if (file === undefined || (exists(file) && !/graph-simulator-[^/\\]+[/\\]ca\.pem$/.test(file))) return text;
  return withValue(text, CERTIFICATES, '');
}

function withValue(text: string, name: string, value: string): string {
  const file = parseFile(text);
  return `${JSON.stringify({ ...file, Values: { ...file.Values, [name]: value } }, null, 2)}\n`;
}

function parseFile(text: string): Record<string, unknown> & { Values: Record<string, unknown> } {
  const file = parseObject(text.replace(/^\uFEFF/, ''));
  const values = file?.['Values'];
  if (typeof values === 'object' && values !== null) return { ...file, Values: { ...values } };
  throw new Error(
    'local.settings.json is not JSON with "Values": delete it and start again, or copy local.settings.example.json',
  );
}

/** Writes the file for this user alone, because it holds a signing key. The mode of a file that exists is changed too. */
export function writeSettingsFile(path: string, text: string): void {
  writeFileSync(path, text, { mode: 0o600 });
  chmodSync(path, 0o600);
}
