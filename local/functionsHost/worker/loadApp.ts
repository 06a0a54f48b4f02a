import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { HostError } from '../hostError';
import { messageOf } from '../messageOf';
import type { Worker } from './createWorker';
import { findEntryFiles } from './findEntryFiles';
import { readOnly, runHooks } from './runHooks';

/**
 * Loads the files that package.json `main` names, one after the other, and runs the appStart hooks. On Node 20 and later
 * any throw at load, and a glob without a match, blocks the whole app: here as HostError `app_not_loaded`.
 */
export async function loadApp(worker: Worker, root: string): Promise<void> {
  const { main, type } = readPackage(root);
  const files = findEntryFiles(root, main);
  if (files.length === 0)
    throw notLoaded(
      main,
      'Found zero files matching the supplied pattern. Build the app first, or correct "main".',
    );
  for (const file of files) {
    try {
      await loadFile(join(root, file), type);
    } catch (error) {
      throw notLoaded(main, `"${file}": ${messageOf(error, 'stack')}`, error);
    }
  }
  await runHooks(
    worker,
    'appStart',
    readOnly({
      hookData: worker.appLevelHookData,
      appHookData: worker.appHookData,
      functionAppDirectory: root,
    }),
  );
}

/** As the worker: `.mjs`, and `.js` under `"type": "module"`, are imported, everything else is required. */
async function loadFile(path: string, type: string | undefined): Promise<void> {
  if (path.endsWith('.mjs') || (path.endsWith('.js') && type === 'module'))
    await import(pathToFileURL(path).href);
  else createRequire(path)(path);
}

function readPackage(root: string): { main: string; type: string | undefined } {
  const path = join(root, 'package.json');
  if (!existsSync(path))
    throw new HostError(
      'app_not_loaded',
      `--root: no package.json in ${root}. Name the folder that holds the app's package.json.`,
    );
  const json: unknown = JSON.parse(readFileSync(path, 'utf8'));
  const { main, type } = (typeof json === 'object' && json !== null ? json : {}) as {
    main?: unknown;
    type?: unknown;
  };
  if (typeof main !== 'string')
    throw new HostError(
      'app_not_loaded',
      'package.json has no "main": set it to the built entry file, or to a glob.',
    );
  return { main, type: typeof type === 'string' ? type : undefined };
}

function notLoaded(main: string, reason: string, cause?: unknown): HostError {
  return new HostError('app_not_loaded', `Worker was unable to load entry point "${main}": ${reason}`, {
    cause,
  });
}
