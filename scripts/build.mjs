/**
 * Builds everything that runs into dist/.
 *
 * functions: one ES module entry with every package inside and one chunk per `import()`, so that a cold start compiles
 * only what the webhook needs (identity, tables and the Graph client are chunks of their own). Two names stay outside:
 * `@azure/functions-core` exists only inside the Functions worker.
 * cli, local, bench: packages stay in node_modules.
 */
import { build } from 'esbuild';
import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

process.chdir(fileURLToPath(new URL('..', import.meta.url)));

/** CommonJS packages inside an ES module bundle still call `require`; the worker answers for `@azure/functions-core` there. */
const requireBanner =
  "import { createRequire as __createRequire } from 'node:module';const require = __createRequire(import.meta.url);";

const base = {
  bundle: true,
  platform: 'node',
  format: 'esm',
  target: 'node20',
  outExtension: { '.js': '.mjs' },
  banner: { js: requireBanner },
  sourcemap: true,
  logLevel: 'warning',
};

const present = (entries) =>
  Object.fromEntries(Object.entries(entries).filter(([, source]) => existsSync(source)));

const tools = present({
  'cli/main': 'cli/main.ts',
  'local/start': 'local/start.ts',
  'local/demo': 'local/demo.ts',
  'local/functionsHost/main': 'local/functionsHost/main.ts',
  'local/graphSimulator/main': 'local/graphSimulator/main.ts',
  'bench/run': 'bench/run.ts',
});

await rm('dist', { recursive: true, force: true });
await Promise.all([
  build({
    ...base,
    entryPoints: present({ index: 'functions/index.ts' }),
    outdir: 'dist/functions',
    splitting: true,
    chunkNames: 'chunks/[name]-[hash]',
    minify: true,
    keepNames: true,
    external: ['@azure/functions-core'],
  }),
  build({ ...base, entryPoints: tools, outdir: 'dist', packages: 'external', banner: {} }),
]);
