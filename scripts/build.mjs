/**
 * Builds everything that runs into dist/.
 *
 * functions: the app, see buildApp.mjs.
 * local/functionsHost, local/graphSimulator: with every package inside. The tests start them some hundred times, and the
 * storage packages load four times as fast from one file as from node_modules.
 * cli, the rest of local, bench, examples: packages stay in node_modules.
 * local/console: the page of the console, for browsers, with its files beside it. local/console/serveConsole.ts serves them.
 */
import { build, stop } from 'esbuild';
import { existsSync } from 'node:fs';
import { readFile, rm } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { BASE, buildApp, REQUIRE_BANNER } from './buildApp.mjs';

process.chdir(fileURLToPath(new URL('..', import.meta.url)));

const present = (entries) => Object.fromEntries(Object.entries(entries).filter(([, source]) => existsSync(source)));

const tools = present({
  'cli/main': 'cli/main.ts',
  'local/start': 'local/start.ts',
  'local/demo': 'local/demo.ts',
  'local/tool': 'local/tool.ts',
  'bench/run': 'bench/run.ts',
  'bench/archiveRun': 'bench/archiveRun.ts',
  'examples/consumer-typescript/main': 'examples/consumer-typescript/main.ts',
});

const standIns = {
  'local/functionsHost/main': 'local/functionsHost/main.ts',
  'local/functionsHost/worker/main': 'local/functionsHost/worker/main.ts',
  'local/graphSimulator/main': 'local/graphSimulator/main.ts',
};

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
    buildApp('bench/apps/wholeApp.ts', `dist/bench/apps/${name}`, { plugins: [limitsOf(name)] }),
  ),
  build({
    ...BASE,
    banner: { js: REQUIRE_BANNER },
    entryPoints: standIns,
    outdir: 'dist',
    splitting: true,
    chunkNames: 'chunks/[name]-[hash]',
  }),
  build({
    ...BASE,
    entryPoints: tools,
    outdir: 'dist',
    packages: 'external',
    // Without chunks every package would load at start, and each command of the CLI would take a second longer.
    splitting: true,
    chunkNames: 'chunks/[name]-[hash]',
  }),
  build({
    bundle: true,
    minify: true,
    format: 'esm',
    target: 'es2022',
    jsx: 'automatic',
    jsxImportSource: 'preact',
    loader: { '.html': 'copy', '.svg': 'copy' },
    entryPoints: {
      console: 'local/console/page/main.tsx',
      style: 'local/console/page/styles/console.css',
      index: 'local/console/page/index.html',
      icon: 'local/console/page/icon.svg',
    },
    outdir: 'dist/local/console',
  }),
]);
// Its service is a process, which would stay as long as a program that runs after the build (scripts/local.mjs).
await stop();
