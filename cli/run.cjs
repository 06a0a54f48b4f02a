#!/usr/bin/env node
// The command. Works right after `npm ci`: it builds only when dist/ is missing.
const { spawn, spawnSync } = require('node:child_process');
const { existsSync, readFileSync } = require('node:fs');
const { constants } = require('node:os');
const { join } = require('node:path');
const { pathToFileURL } = require('node:url');

const root = join(__dirname, '..');
const main = join(root, 'dist', 'cli', 'main.mjs');

if (!existsSync(main)) {
  // The build writes to stderr, because stdout is for data.
  const { status } = spawnSync(process.execPath, [join(root, 'scripts', 'build.mjs')], {
    stdio: ['ignore', process.stderr, process.stderr],
  });
  if (status !== 0 || !existsSync(main)) {
    process.stderr.write('error: The build failed. Run npm ci, then npm run build.\n');
    process.exit(1);
  }
}

// For this one setting, the file overrides the environment: the environment has the certificates of the machine, and the
// file has the one that the sign-in host of these settings needs. Only where the file has the settings, see settings.ts.
const SETTING =
  /^(AzureWebJobsStorage|CLIENT_STATE_KEYS|DATA_STORAGE|ENTRA_|EVENTS_|GRAPH_|MANAGED_IDENTITY_|PUBLIC_BASE_URL)/;
const hasSettings = Object.entries(process.env).some(([name, value]) => SETTING.test(name) && value?.trim());
const certificates = hasSettings ? undefined : extraCertificates();
if (certificates !== undefined && certificates !== process.env.NODE_EXTRA_CA_CERTS) {
  // Node reads this variable only at start.
  const env = { ...process.env, NODE_EXTRA_CA_CERTS: certificates };
  // The name by which the command was called, for its hints.
  const argv = process.argv.slice(1);
  const child = spawn(process.execPath, argv, { stdio: 'inherit', env });
  // A terminal sends Ctrl-C to both processes, others signal this one alone. The child takes both as one.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  child.on('exit', (status, signal) => process.exit(status ?? 128 + constants.signals[signal]));
} else {
  import(pathToFileURL(main).href).catch((error) => {
    process.stderr.write(`error: The program cannot be loaded (${error.code ?? error.name}). Run npm run build.\n`);
    process.exitCode = 1;
  });
}

/** The certificate file in local.settings.json. The sign-in host of the local cloud has its own certificate. */
function extraCertificates() {
  try {
    const settings = readFileSync(join(process.cwd(), 'local.settings.json'), 'utf8');
    const file = JSON.parse(settings.replace(/^\uFEFF/, '')).Values.NODE_EXTRA_CA_CERTS;
    return typeof file === 'string' && existsSync(file) ? file : undefined;
  } catch {
    // Missing or broken: the program itself reports the problem.
    return undefined;
  }
}
