/** `npm run schemas`: writes docs/schemas/ from the schemas in the code. A test of each compares the two. */
import { build } from 'esbuild';
import { mkdir, writeFile } from 'node:fs/promises';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { join } from 'node:path';

const SCHEMAS = [
  { name: 'rules', source: 'shared/rules/document.ts', format: 'formatJsonSchema' },
  { name: 'job-event', source: 'shared/jobs/jobEventSchema.ts', format: 'formatJobEventSchema' },
  { name: 'fleet', source: 'cli/fleet/document.ts', format: 'formatFleetSchema' },
];

const root = fileURLToPath(new URL('..', import.meta.url));
await mkdir(join(root, 'docs', 'schemas'), { recursive: true });
for (const { name, source, format } of SCHEMAS) {
  const outfile = join(root, 'dist', 'schemas', `${name}.mjs`);
  await build({
    entryPoints: [join(root, source)],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    packages: 'external',
  });
  const module = await import(pathToFileURL(outfile).href);
  const target = join(root, 'docs', 'schemas', `${name}.schema.json`);
  await writeFile(target, module[format]());
  console.log(target);
}
