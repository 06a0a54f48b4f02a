import { chmodSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseObject } from './standIns';

/** Beside local.settings.json while `npm start` runs. It opens the local cloud, so only this user can read it. */
const FILE = 'local.cloud.json';

/** How the command line in another terminal reaches a running local cloud. */
export interface LocalCloudFile {
  /** Origin of the simulated Graph. */
  readonly graphUrl: string;
  readonly controlUrl: string;
  readonly controlToken: string;
}

/** Writes the file into `folder`, over that of an earlier start. Returns a function that removes it. */
export function writeLocalCloudFile(folder: string, content: LocalCloudFile): () => void {
  const path = join(folder, FILE);
  const { graphUrl, controlUrl, controlToken } = content;
  writeFileSync(path, `${JSON.stringify({ graphUrl, controlUrl, controlToken }, null, 2)}\n`, { mode: 0o600 });
  chmodSync(path, 0o600);
  return () => rmSync(path, { force: true });
}

/** The file in `folder`. Undefined when there is none, or when it is not such a file. */
export function readLocalCloudFile(folder: string): LocalCloudFile | undefined {
  let text: string;
  try {
    text = readFileSync(join(folder, FILE), 'utf8');
  } catch {
    return undefined;
  }
  const { graphUrl, controlUrl, controlToken } = parseObject(text) ?? {};
  if (typeof graphUrl !== 'string' || typeof controlUrl !== 'string' || typeof controlToken !== 'string')
    return undefined;
  return { graphUrl, controlUrl, controlToken };
}
