import { copyFile, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Makes the folder of an app that a functions host can run, around a bundle that the build has put into dist/bench/apps. */
export async function makeBenchApp(root: string, name: 'acknowledgement' | 'helloWorld'): Promise<string> {
  const folder = join(root, 'dist', 'bench', 'apps', name);
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'package.json'), JSON.stringify({ name, main: 'index.mjs' }));
  await copyFile(join(root, 'host.json'), join(folder, 'host.json'));
  return folder;
}
