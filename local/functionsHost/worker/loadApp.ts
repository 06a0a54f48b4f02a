import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, posix, sep } from 'node:path';
import { pathToFileURL } from 'node:url';
import { z } from 'zod';
import { HostError, messageOf, parseJson } from '../hostError';
import { appContext, runHooks, type Worker } from './registration';

/**
 * Loads the files that `main` of package.json names, one after the other, and runs the appStart hooks. On Node 20 and
 * later, any throw while loading and a glob without a match block the whole app: here HostError `app_not_loaded`.
 */
export async function loadApp(worker: Worker, root: string): Promise<void> {
  const { main, type } = readPackage(root);
  const notLoaded = (reason: string, cause?: unknown) =>
    new HostError('app_not_loaded', `Worker was unable to load entry point "${main}": ${reason}`, { cause });
  const files = findEntryFiles(root, main);
  if (files.length === 0)
    throw notLoaded('Found zero files matching the supplied pattern. Build the app first, or correct "main".');
  for (const file of files) {
    const path = join(root, file);
    try {
      // As in the worker: `.mjs`, and `.js` under `"type": "module"`, are imported, every other file is required.
      const isModule = path.endsWith('.mjs') || (path.endsWith('.js') && type === 'module');
      if (isModule) await import(pathToFileURL(path).href);
      else createRequire(path)(path);
    } catch (error) {
      throw notLoaded(`"${file}": ${messageOf(error, 'stack')}`, error);
    }
  }
  await runHooks(worker, 'appStart', appContext(worker, { functionAppDirectory: root }));
}

const PACKAGE = z.object({ main: z.string(), type: z.string().optional() });

function readPackage(root: string): z.infer<typeof PACKAGE> {
  const path = join(root, 'package.json');
  const missing = `--root: no package.json in ${root}. Name the folder that holds the app's package.json.`;
  if (!existsSync(path)) throw new HostError('app_not_loaded', missing);
  const { data } = PACKAGE.safeParse(parseJson('package.json', readFileSync(path, 'utf8'), 'app_not_loaded'));
  if (data) return data;
  throw new HostError('app_not_loaded', 'package.json has no "main": set it to the built entry file, or to a glob.');
}

/** The files that `main` names (a path or a glob), relative to `root`, in alphabetical order. */
function findEntryFiles(root: string, main: string): string[] {
  if (!/[*?{}]/.test(main)) return existsSync(join(root, main)) ? [main] : [];
  const pattern = globToRegExp(main);
  const folder = posix.dirname(posix.normalize(`${main.split(/[*?{]/)[0] ?? ''}_`));
  if (!existsSync(join(root, folder))) return [];
  return readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .map((file) => posix.join(folder, file.replaceAll(sep, '/')))
    .filter((file) => pattern.test(file) && !file.includes('node_modules/'))
    .sort();
}

/**
 * A regular expression for the glob forms seen in `main`: `*`, `?`, `**` and `{a,b}` (nesting allowed, commas only
 * inside braces), on paths with forward slashes. Node 20 has only an experimental glob.
 */
export function globToRegExp(glob: string): RegExp {
  const alternatives = { '{': '(?:', '}': ')', ',': '|' };
  const tokens = new Map(
    Object.entries({ '**/': '(?:[^/]+/)*', '**': '.*', '*': '[^/]*', '?': '[^/]', ...alternatives }),
  );
  const source = glob
    .replace(/^\.\//, '')
    .replace(/\*\*\/|\*\*|[*?{},]|[.+^$()|[\]\\]/g, (token) => tokens.get(token) ?? `\\${token}`);
  return new RegExp(`^${source}$`);
}
