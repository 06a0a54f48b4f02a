/**
 * Starts the local cloud on its fixed ports with its console, until Ctrl-C. Its first customer is onboarded already, unless
 * `--empty` leaves that to the reader of docs/onboarding.md. `--log` shows the whole log of the app.
 */
import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync, unwatchFile, watchFile } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { describeLogLine } from './appLog';
import type { AppProcess } from './console/appProcess';
import { createStepPrinter, showsColors } from './console/printSteps';
import { startConsole } from './console/startConsole';
import type { Timeline } from './console/timeline/createTimeline';
import { describeEmptyCloud, describeLocalCloud } from './describeLocalCloud';
import { addFirstCustomer, onboardFirstCustomer } from './firstCustomer';
import { createControlClient } from './graphSimulator/control/controlClient';
import { writeLocalCloudFile } from './localCloudFile';
import { runCliCommand } from './processes';
import {
  readSettingsValues,
  withCertificates,
  withFreshKeys,
  withoutOldCertificates,
  writeSettingsFile,
} from './settingsFile';
import { DEFAULT_PORTS, startLocalCloud, type LocalCloud } from './startLocalCloud';
import { createStopList, stopOnSignals } from './stopList';
import { describeWrongKeys } from './wrongKeys';

const ROOT = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
const SETTINGS_FILE = join(ROOT, 'local.settings.json');
const SETTINGS_POLL_MS = 1_000;
/** The sources of a step differ in how soon they report it. Together, its lines are in the order of time. */
const GATHER_MS = 300;

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
  console.error(messageOf(error));
  await stops.stop();
  process.exitCode = 1;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

async function start(): Promise<void> {
  const { empty, log } = readArguments();
  if (!existsSync(SETTINGS_FILE)) {
    const example = readFileSync(join(ROOT, 'local.settings.example.json'), 'utf8');
    writeSettingsFile(SETTINGS_FILE, withFreshKeys(example, randomBytes));
    say('Wrote local.settings.json from the example, with a new signing key.');
  }
  const settings = readSettingsValues(readSettingsText());
  const cloud = await startLocalCloud({ root: ROOT, ports: 'default', stops, settings });
  // For the command line in another terminal, which signs in to the simulator over https.
  writeSettingsFile(SETTINGS_FILE, withCertificates(readSettingsText(), cloud.simulator.caFile));
  const removeFile = writeLocalCloudFile(ROOT, cloud.simulator);
  await stops.add(() => Promise.resolve(removeFile()));
  const steps = createStepPrinter({ write: say, hasColors: showsColors(process.stdout, process.env) });
  const changed = new Set<string>();
  const printSoon = (id: string, timeline: Timeline) => {
    if (changed.size === 0) setTimeout(() => printChanged(timeline), GATHER_MS);
    changed.add(id);
  };
  const printChanged = (timeline: Timeline) => {
    for (const id of changed) {
      const story = timeline.story(id);
      if (story) steps.job(story, timeline.steps(id));
    }
    changed.clear();
  };
  const { address, app, stop } = await startConsole({
    ...{ root: ROOT, cloud, settings, port: DEFAULT_PORTS.console },
    onJob: (id, timeline) => printSoon(id, timeline),
    onService: (step) => steps.service(step),
    ...(log && { onLog: (line) => say(`  ${describeLogLine(line)}`) }),
    onError: (error) => say(`The app could not be started again: ${messageOf(error)}`),
  });
  await stops.add(stop);
  say(`\nOpen the console:  ${address}\n`);

  const control = createControlClient(cloud.simulator);
  const { graphUrl, authorityUrl } = cloud.simulator;
  const addresses = { appUrl: app.url, graphUrl, authorityUrl };
  if (empty) {
    await addFirstCustomer(control);
    say(describeEmptyCloud(addresses));
  } else {
    const run = (...args: string[]) => runCliCommand(ROOT, cloud.environment, args, interruption.signal);
    await onboardFirstCustomer(control, run);
    say(describeLocalCloud(addresses));
  }
  await warnOfWrongKeys(cloud.environment);
  await restartOnChange(cloud, app);
}

/** @throws with what is wrong with the command line */
function readArguments(): { empty: boolean; log: boolean } {
  const options = { empty: { type: 'boolean', default: false }, log: { type: 'boolean', default: false } } as const;
  // The first word after `node scripts/local.mjs` names this program.
  const { values } = parseArgs({ args: process.argv.slice(3), options });
  return values;
}

function readSettingsText(): string {
  return withoutOldCertificates(readFileSync(SETTINGS_FILE, 'utf8'), existsSync);
}

/** Restarts the app when its settings change, as Azure does. */
async function restartOnChange(cloud: LocalCloud, app: AppProcess): Promise<void> {
  let running = readFileSync(SETTINGS_FILE, 'utf8');
  let restarting = Promise.resolve();
  const restart = async () => {
    const text = readFileSync(SETTINGS_FILE, 'utf8');
    if (text === running) return;
    const settings = readSettingsValues(text);
    running = text;
    await app.restart(settings);
    say('local.settings.json has changed: the app runs with the new settings.');
    await warnOfWrongKeys({ ...cloud.environment, ...settings });
  };
  watchFile(SETTINGS_FILE, { interval: SETTINGS_POLL_MS }, () => {
    restarting = restarting.then(restart).catch((error: unknown) => {
      say(`local.settings.json has changed, but the app could not be restarted: ${messageOf(error)}`);
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
  for (const line of describeWrongKeys(status)) say(line);
}
