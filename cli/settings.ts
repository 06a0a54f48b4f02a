import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { SETTING_NAMES } from '../shared/config';
import { ReceiverError } from '../shared/errors';
import { isRecord } from '../shared/parse';
import type { Environment } from './context';

/** The file that the Functions host reads on the machine of a developer. */
const FILE = 'local.settings.json';

/**
 * The settings of the app, all of them from one source: the environment if it has any of them, else `Values` of
 * local.settings.json in `directory`. A file in the current folder could otherwise send a secret of the environment to a
 * host of its own. Names that are no settings of the app come from both, the environment first.
 *
 * @throws ReceiverError `configInvalid` for a file that is missing while the environment has no setting of the app, one that
 *   is not JSON, or one whose `Values` are not an object of strings
 */
export async function readSettings(env: Environment, directory: string): Promise<Environment> {
  const set = Object.entries(env).filter(([, value]) => value !== undefined && value.trim() !== '');
  const inEnvironment = Object.fromEntries(set);
  const isSetting = (name: string) => SETTING_NAMES.some((setting) => setting === name);
  const usesFile = !Object.keys(inEnvironment).some(isSetting);
  const text = await readIfPresent(join(directory, FILE));
  // Before the settings that are missing then, which would be all of them.
  if (text === undefined && usesFile) throw missing(directory);
  const values = Object.entries(parseValues(text));
  return { ...Object.fromEntries(values.filter(([name]) => usesFile || !isSetting(name))), ...inEnvironment };
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
