/** `npm run schemas`: writes docs/schemas/ from the schemas in the code. A test compares the two. */
import { build } from 'esbuild';
import { mkdir, writeFile } from 'node:fs/promises';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { join } from 'node:path';

const root = fileURLToPath(new URL('..', import.meta.url));
const outfile = join(root, 'dist', 'schemas.mjs');
await build({
  entryPoints: [join(root, 'shared', 'rules', 'document.ts')],
  outfile,
  bundle: true,
  platform: 'node',
  format: 'esm',
  packages: 'external',
});
const { formatJsonSchema } = await import(pathToFileURL(outfile).href);
const target = join(root, 'docs', 'schemas', 'rules.schema.json');
await mkdir(join(root, 'docs', 'schemas'), { recursive: true });
await writeFile(target, formatJsonSchema());
console.log(target);
