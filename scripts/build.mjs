/**
 * Builds everything that runs into dist/.
 *
 * functions: one ES module entry with every package inside and one chunk per `import()`, so that a cold start compiles
 * only what the webhook needs (identity, tables and the Graph client have their own chunks). One name stays external:
 * `@azure/functions-core` exists only inside the Functions worker.
 * cli, local, bench, examples: packages stay in node_modules.
 */
import { build, stop } from 'esbuild';
import { existsSync } from 'node:fs';
import { readFile, rm } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

process.chdir(fileURLToPath(new URL('..', import.meta.url)));

/** CommonJS packages inside an ES module bundle still call `require`. The worker provides `@azure/functions-core` through it. */
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

const present = (entries) => Object.fromEntries(Object.entries(entries).filter(([, source]) => existsSync(source)));

const tools = present({
  'cli/main': 'cli/main.ts',
  'local/start': 'local/start.ts',
  'local/demo': 'local/demo.ts',
  'local/tool': 'local/tool.ts',
  'local/functionsHost/main': 'local/functionsHost/main.ts',
  'local/functionsHost/worker/main': 'local/functionsHost/worker/main.ts',
  'local/graphSimulator/main': 'local/graphSimulator/main.ts',
  'bench/run': 'bench/run.ts',
  'bench/archiveRun': 'bench/archiveRun.ts',
  'examples/consumer-typescript/main': 'examples/consumer-typescript/main.ts',
});

/** Builds an app for deployment: its entry and chunks in `outdir`. */
const buildApp = (entry, outdir, plugins = []) =>
  build({
    ...base,
    entryPoints: { index: entry },
    outdir,
    plugins,
    splitting: true,
    chunkNames: 'chunks/[name]-[hash]',
    minify: true,
    keepNames: true,
    external: ['@azure/functions-core'],
    // Its main file is UMD, whose inner `require` esbuild cannot follow.
    alias: { 'jsonc-parser': 'jsonc-parser/lib/esm/main.js' },
  });

/** The same app with other limits on what a tenant uses: those of bench/apps/{name}.ts. */
const limitsOf = (name) => ({
  name,
  setup({ onLoad }) {
    onLoad({ filter: /shared\/fairness\/limits\.ts$/ }, async () => ({
      contents: await readFile(`bench/apps/${name}.ts`, 'utf8'),
      loader: 'ts',
    }));
  },
});

await rm('dist', { recursive: true, force: true });
await Promise.all([
  buildApp('functions/index.ts', 'dist/functions'),
  // The apps that the bench compares, built with the same options so that only their code differs.
  buildApp('bench/apps/acknowledgement.ts', 'dist/bench/apps/acknowledgement'),
  buildApp('bench/apps/helloWorld.ts', 'dist/bench/apps/helloWorld'),
  ...['noLimits', 'fewPlaces'].map((name) =>
    buildApp('bench/apps/wholeApp.ts', `dist/bench/apps/${name}`, [limitsOf(name)]),
  ),
  build({
    ...base,
    entryPoints: tools,
    outdir: 'dist',
    packages: 'external',
    banner: {},
    // Without chunks every package would load at start, and each command of the CLI would take a second longer.
    splitting: true,
    chunkNames: 'chunks/[name]-[hash]',
  }),
]);
// Its service is a process, which would stay as long as a program that runs after the build (scripts/local.mjs).
await stop();
