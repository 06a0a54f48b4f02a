#!/usr/bin/env node
// The command itself. Works right after `npm ci`: builds when there is no build yet, and only then.
const { spawnSync } = require('node:child_process');
const { existsSync, readFileSync } = require('node:fs');
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

// The one setting in which the file goes before the environment: that one is the machine's, for all programs, while this
// one is there because the sign-in host of the settings cannot be trusted without it.
const certificates = extraCertificates();
if (certificates !== undefined && certificates !== process.env.NODE_EXTRA_CA_CERTS) {
  // Node reads this variable when it starts and never again.
  const env = { ...process.env, NODE_EXTRA_CA_CERTS: certificates };
  const argv = [__filename, ...process.argv.slice(2)];
  const { status } = spawnSync(process.execPath, argv, { stdio: 'inherit', env });
  process.exit(status ?? 1);
}

import(pathToFileURL(main).href).catch((error) => {
  process.stderr.write(
    `error: The program cannot be loaded (${error.code ?? error.name}): run npm run build\n`,
  );
  process.exitCode = 1;
});

/** The file of certificates that local.settings.json names: the sign-in host of the local cloud has one of its own. */
function extraCertificates() {
  try {
    const settings = readFileSync(join(process.cwd(), 'local.settings.json'), 'utf8');
    const file = JSON.parse(settings.replace(/^\uFEFF/, '')).Values.NODE_EXTRA_CA_CERTS;
    return typeof file === 'string' && existsSync(file) ? file : undefined;
  } catch {
    // Missing or broken: the program itself says what is wrong with it.
    return undefined;
  }
}
