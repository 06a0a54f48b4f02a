import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { SETTING_NAMES } from '../shared/config';
import { ReceiverError } from '../shared/errors';
import { isRecord } from '../shared/parse';
import { checkTrustedHosts } from '../shared/settings/addresses';
import { isLoopback } from '../shared/settings/clouds';
import type { Environment } from './context';

/** The file that the Functions host reads on the machine of a developer. */
const FILE = 'local.settings.json';

/** The one setting that does not choose the source: it is what the person at this machine trusts. */
const TRUSTED = 'TRUSTED_HOSTS';

/** Sent to PUBLIC_BASE_URL, so it is taken from where that is. */
const FUNCTION_KEY = 'FUNCTION_KEY';

/**
 * The settings of the app, all of them from one source: the environment if it has any of them, else `Values` of
 * local.settings.json in `directory`. A file in the current folder could otherwise send a secret of the environment to a
 * host of its own. FUNCTION_KEY has the same source. TRUSTED_HOSTS counts in the environment alone, beside either source:
 * the tokens of `az login`, of a managed identity and of a person who signs in belong to this machine, and the file must not
 * say where they go. Other names come from both, the environment first.
 *
 * @throws ReceiverError `configInvalid` for a file that is missing while the environment has no setting of the app, one that
 *   is not JSON, one whose `Values` are not an object of strings, or one that names TRUSTED_HOSTS beyond loopback
 */
export async function readSettings(env: Environment, directory: string): Promise<Environment> {
  const set = Object.entries(env).filter(([, value]) => value !== undefined && value.trim() !== '');
  const inEnvironment = Object.fromEntries(set);
  const isSetting = (name: string) => SETTING_NAMES.some((setting) => setting === name);
  const usesFile = !Object.keys(inEnvironment).some((name) => isSetting(name) && name !== TRUSTED);
  const text = await readIfPresent(join(directory, FILE));
  // Before the settings that are missing then, which would be all of them.
  if (text === undefined && usesFile) throw missing(directory);
  const values = parseValues(text);
  if (usesFile && inEnvironment[TRUSTED] === undefined) refuseHostsBeyondLoopback(values[TRUSTED] ?? '');
  const hasOneSource = (name: string) => isSetting(name) || name === FUNCTION_KEY;
  const fromFile = Object.entries(values).filter(([name]) => usesFile || !hasOneSource(name));
  const fromEnvironment = Object.entries(inEnvironment).filter(([name]) => !usesFile || name !== FUNCTION_KEY);
  return Object.fromEntries([...fromFile, ...fromEnvironment]);
}

function refuseHostsBeyondLoopback(text: string): void {
  if (text.trim() === '') return;
  const checked = checkTrustedHosts(text);
  if ('value' in checked && checked.value.every(isLoopback)) return;
  throw invalid(
    `${TRUSTED} in ${FILE} names hosts that may receive the tokens of this machine, which only the environment may do`,
    `Set ${TRUSTED} in the environment if you trust these hosts. Otherwise remove it from the file.`,
  );
}

async function readIfPresent(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (isRecord(error) && error['code'] === 'ENOENT') return undefined;
    throw invalid(`${FILE} cannot be read`, 'Check its permissions.');
  }
}

function parseValues(text: string | undefined): Record<string, string> {
  if (text === undefined) return {};
  const file = parseJson(text.replace(/^\uFEFF/, ''));
  const values = isRecord(file) ? (file['Values'] ?? {}) : undefined;
  if (!isRecord(values))
    throw invalid(`${FILE} has no object "Values"`, 'Compare it with local.settings.example.json.');
  const texts: Record<string, string> = {};
  for (const [name, value] of Object.entries(values)) {
    if (typeof value !== 'string') throw invalid(`${FILE}: the value of ${name} is not a string`, 'Put it in quotes.');
    texts[name] = value;
  }
  return texts;
}

function missing(directory: string): ReceiverError {
  return invalid(
    `No local.settings.json in ${directory}, and no setting of the app in the environment`,
    `Run the command in the folder of the project, run npm start there, which creates ${FILE}, or set the settings in the environment.`,
  );
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // The message of the parser quotes the file, and the file holds secrets.
    throw invalid(`${FILE} is not JSON`, 'Correct it, or set the settings in the environment.');
  }
}

function invalid(problem: string, remedy: string): ReceiverError {
  return new ReceiverError('configInvalid', problem, { remedy });
}
