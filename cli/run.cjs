#!/usr/bin/env node
// The command itself. Works right after `npm ci`: builds when there is no build yet, and only then.
const { spawnSync } = require('node:child_process');
const { existsSync } = require('node:fs');
const { join } = require('node:path');
const { pathToFileURL } = require('node:url');

const root = join(__dirname, '..');
const main = join(root, 'dist', 'cli', 'main.mjs');

if (!existsSync(main)) {
  // The build writes to stderr here: stdout belongs to the data.
  const { status } = spawnSync(process.execPath, [join(root, 'scripts', 'build.mjs')], {
    stdio: ['ignore', process.stderr, process.stderr],
  });
  if (status !== 0 || !existsSync(main)) {
    process.stderr.write('error: The build failed: run npm ci, then npm run build\n');
    process.exit(1);
  }
}

import(pathToFileURL(main).href).catch((error) => {
  process.stderr.write(
    `error: The program cannot be loaded (${error.code ?? error.name}): run npm run build\n`,
  );
  process.exitCode = 1;
});
