/**
 * How esbuild makes the app: one ES module entry with every package inside and one chunk per `import()`, so that a cold start
 * compiles only what the webhook needs (identity, tables and the Graph client have their own chunks). One name stays external:
 * `@azure/functions-core` exists only inside the Functions worker.
 */
import { build } from 'esbuild';

/** Options of everything that esbuild makes here. */
export const BASE = {
  bundle: true,
  platform: 'node',
  format: 'esm',
  target: 'node20',
  outExtension: { '.js': '.mjs' },
  sourcemap: true,
  logLevel: 'warning',
};

/** CommonJS packages inside an ES module bundle still call `require`. The worker provides `@azure/functions-core` through it. */
export const REQUIRE_BANNER =
  "import { createRequire as __createRequire } from 'node:module';const require = __createRequire(import.meta.url);";

/**
 * Builds an app for deployment: its entry and chunks in `outdir`.
 *
 * @param options further options of esbuild, over those of here
 */
export const buildApp = (entry, outdir, options = {}) =>
  build({
    ...BASE,
    banner: { js: REQUIRE_BANNER },
    entryPoints: { index: entry },
    outdir,
    splitting: true,
    chunkNames: 'chunks/[name]-[hash]',
    minify: true,
    keepNames: true,
    external: ['@azure/functions-core'],
    // Its main file is UMD, whose inner `require` esbuild cannot follow.
    alias: { 'jsonc-parser': 'jsonc-parser/lib/esm/main.js' },
    ...options,
  });
