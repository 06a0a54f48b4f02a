/** Starts the local cloud on its fixed ports, with one customer to try things on, and stays up until Ctrl-C. */
import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync, unwatchFile, watchFile, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createStopList } from './createStopList';
import { readAppLogLine } from './demo/readAppLog';
import { describeLocalCloud } from './describeLocalCloud';
import { createControlClient } from './graphSimulator/control/controlClient';
import { readSettingsValues, withCertificates, withFreshKeys, withoutOldCertificates } from './settingsFile';
import type { FunctionsHostProcess } from './startFunctionsHost';
import { startLocalCloud, type LocalCloud } from './startLocalCloud';
import { stopOnSignals } from './stopOnSignals';

const ROOT = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
const SETTINGS_FILE = join(ROOT, 'local.settings.json');
/** The customer of the simulator, fixed so that commands can be repeated from the shell's history. */
const TENANT = 'aaaaaaaa-0000-4000-8000-000000000001';
const PRINTERS = {
  waiting: 'bbbbbbbb-0000-4000-8000-000000000001',
  free: 'bbbbbbbb-0000-4000-8000-000000000002',
};
/** How often the settings file is looked at: soon enough for a person who has just saved it. */
const SETTINGS_POLL_MS = 1_000;

const say = (text = '') => console.log(text);
const stops = createStopList();
stopOnSignals(stops);
try {
  await start();
} catch (error) {
  console.error(error instanceof Error ? error.message : String(error));
  await stops.stop();
  process.exitCode = 1;
}

async function start(): Promise<void> {
  if (!existsSync(SETTINGS_FILE)) {
    const example = readFileSync(join(ROOT, 'local.settings.example.json'), 'utf8');
    writeFileSync(SETTINGS_FILE, withFreshKeys(example, randomBytes));
    say('Wrote local.settings.json from the example, with a signing key of its own.');
  }
  const settings = readSettingsValues(readSettingsText());
  const cloud = await startLocalCloud({ root: ROOT, ports: 'default', stops, settings });
  const { caFile, controlUrl, graphUrl, authorityUrl } = cloud.simulator;
  // For the command line in another terminal: signing in by device code goes over https to the simulator.
  writeFileSync(SETTINGS_FILE, withCertificates(readSettingsText(), caFile));
  const control = createControlClient(controlUrl);
  // No permission yet: the customer gives them by the consent link.
  await control.createTenant({ tenantId: TENANT, name: 'Contoso', roles: [] });
  await control.createPrinter(TENANT, { id: PRINTERS.waiting, displayName: 'Reception' });
  await control.createPrinter(TENANT, { id: PRINTERS.free, displayName: 'Archive' });
  const appUrl = cloud.hosts[0]?.url ?? '';
  say(`\n${describeLocalCloud({ appUrl, graphUrl, authorityUrl, tenantId: TENANT, printerIds: PRINTERS })}`);
  for (const host of cloud.hosts) follow(host);
  await restartOnChange(cloud);
}

function readSettingsText(): string {
  return withoutOldCertificates(readFileSync(SETTINGS_FILE, 'utf8'), existsSync);
}

/** Does for the local app what a change of the app settings does in Azure: it is started anew with them. */
async function restartOnChange(cloud: LocalCloud): Promise<void> {
  let running = readFileSync(SETTINGS_FILE, 'utf8');
  let turn = Promise.resolve();
  const restart = async () => {
    const text = readFileSync(SETTINGS_FILE, 'utf8');
    if (text === running) return;
    const settings = readSettingsValues(text);
    running = text;
    follow(await cloud.restartHost(0, settings));
    say('  local.settings.json has changed: the app runs with it now.');
  };
  watchFile(SETTINGS_FILE, { interval: SETTINGS_POLL_MS }, () => {
    turn = turn.then(restart).catch((error: unknown) => {
      say(
        `  local.settings.json has changed, but: ${error instanceof Error ? error.message : String(error)}`,
      );
    });
  });
  await stops.add(() => {
    unwatchFile(SETTINGS_FILE);
    return turn;
  });
}

function follow(host: FunctionsHostProcess): void {
  host.onLine((line) => {
    const entry = readAppLogLine(line);
    if (!entry) return;
    const { at, event, fields } = entry;
    const facts = Object.entries(fields).map(([name, value]) => `${name}=${String(value)}`);
    say(`  ${new Date(at).toISOString()}  ${event}  ${facts.join(' ')}`);
  });
  void host.exited.then(({ code }) => {
    if (code !== 0 && code !== null) {
      say(
        `The functions host ended with ${code}: correct local.settings.json, or press Ctrl-C and start again.`,
      );
    }
  });
}
