/** Starts the local cloud on its fixed ports, with one customer to try things on, until Ctrl-C. */
import { randomBytes } from 'node:crypto';
import { chmodSync, existsSync, readFileSync, unwatchFile, watchFile, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describeLogLine, readAppLogLine } from './appLog';
import { createControlClient } from './graphSimulator/control/controlClient';
import { describeLocalCloud } from './describeLocalCloud';
import { writeLocalCloudFile } from './localCloudFile';
import { runCliCommand } from './processes';
import { readSettingsValues, withCertificates, withFreshKeys, withoutOldCertificates } from './settingsFile';
import type { FunctionsHostProcess } from './standIns';
import { startLocalCloud, type LocalCloud } from './startLocalCloud';
import { describeWrongKeys } from './wrongKeys';
import { createStopList, stopOnSignals } from './stopList';

const ROOT = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
const SETTINGS_FILE = join(ROOT, 'local.settings.json');
/** The customer in the simulator, always the same so that commands in the shell's history work again. */
const TENANT = 'aaaaaaaa-0000-4000-8000-000000000001';
const PRINTERS = {
  waiting: 'bbbbbbbb-0000-4000-8000-000000000001',
  free: 'bbbbbbbb-0000-4000-8000-000000000002',
};
const SETTINGS_POLL_MS = 1_000;

const say = (text = '') => console.log(text);
const stops = createStopList();
const interruption = stopOnSignals(stops);
try {
  await start();
} catch (error) {
  // The parts that are stopped end what was waiting for them.
  if (!interruption.signal.aborted) await fail(error);
}

async function fail(error: unknown): Promise<void> {
  console.error(error instanceof Error ? error.message : String(error));
  await stops.stop();
  process.exitCode = 1;
}

async function start(): Promise<void> {
  if (!existsSync(SETTINGS_FILE)) {
    const example = readFileSync(join(ROOT, 'local.settings.example.json'), 'utf8');
    writeSettings(withFreshKeys(example, randomBytes));
    say('Wrote local.settings.json from the example, with a new signing key.');
  }
  const settings = readSettingsValues(readSettingsText());
  const cloud = await startLocalCloud({ root: ROOT, ports: 'default', stops, settings });
  const { caFile, graphUrl, authorityUrl } = cloud.simulator;
  // For the command line in another terminal, which signs in to the simulator over https.
  writeSettings(withCertificates(readSettingsText(), caFile));
  const removeFile = writeLocalCloudFile(ROOT, cloud.simulator);
  await stops.add(() => Promise.resolve(removeFile()));
  const control = createControlClient(cloud.simulator);
  // Without permissions: the customer grants them with the consent link.
  await control.createTenant({ tenantId: TENANT, name: 'Contoso', roles: [] });
  await control.createPrinter(TENANT, { id: PRINTERS.waiting, displayName: 'Reception' });
  await control.createPrinter(TENANT, { id: PRINTERS.free, displayName: 'Archive' });
  const appUrl = cloud.hosts[0]?.url ?? '';
  say(`\n${describeLocalCloud({ appUrl, graphUrl, authorityUrl, tenantId: TENANT, printerIds: PRINTERS })}`);
  for (const host of cloud.hosts) follow(host);
  await warnOfWrongKeys(cloud.environment);
  await restartOnChange(cloud);
}

/** For this user alone: the file holds a signing key. */
function writeSettings(text: string): void {
  writeFileSync(SETTINGS_FILE, text, { mode: 0o600 });
  chmodSync(SETTINGS_FILE, 0o600);
}

function readSettingsText(): string {
  return withoutOldCertificates(readFileSync(SETTINGS_FILE, 'utf8'), existsSync);
}

/** Restarts the app when its settings change, as Azure does. */
async function restartOnChange(cloud: LocalCloud): Promise<void> {
  let running = readFileSync(SETTINGS_FILE, 'utf8');
  let restarting = Promise.resolve();
  const restart = async () => {
    const text = readFileSync(SETTINGS_FILE, 'utf8');
    if (text === running) return;
    const settings = readSettingsValues(text);
    running = text;
    follow(await cloud.restartHost(0, settings));
    say('  local.settings.json has changed: the app runs with the new settings.');
    await warnOfWrongKeys({ ...cloud.environment, ...settings });
  };
  watchFile(SETTINGS_FILE, { interval: SETTINGS_POLL_MS }, () => {
    restarting = restarting.then(restart).catch((error: unknown) => {
      const reason = error instanceof Error ? error.message : String(error);
      say(`  local.settings.json has changed, but the app could not be restarted: ${reason}`);
    });
  });
  await stops.add(() => {
    unwatchFile(SETTINGS_FILE);
    return restarting;
  });
}

/** Says which watches the signing keys of the settings cannot verify: their notifications are refused without an error. */
async function warnOfWrongKeys(environment: Readonly<Record<string, string>>): Promise<void> {
  const status = await runCliCommand(ROOT, environment, ['status']).catch(() => undefined);
  for (const line of describeWrongKeys(status)) say(`  ${line}`);
}

function follow(host: FunctionsHostProcess): void {
  host.onLine((line) => {
    const entry = readAppLogLine(line);
    if (entry) say(`  ${describeLogLine(entry)}`);
  });
  void host.exited.then(({ code }) => {
    if (code !== 0 && code !== null) {
      say(`The functions host ended with code ${code}: correct local.settings.json, or press Ctrl-C and restart.`);
    }
  });
}
