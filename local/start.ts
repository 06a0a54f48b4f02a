/** Starts the local cloud on its fixed ports, with one customer to try things on, and stays up until Ctrl-C. */
import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createStopList } from './createStopList';
import { readAppLogLine } from './demo/readAppLog';
import { createControlClient } from './graphSimulator/controlClient';
import { readSettingsValues, withFreshKeys } from './settingsFile';
import { startLocalCloud } from './startLocalCloud';
import { stopOnSignals } from './stopOnSignals';

const ROOT = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
/** The customer of the simulator, fixed so that commands can be repeated from the shell's history. */
const TENANT = 'aaaaaaaa-0000-4000-8000-000000000001';
const PRINTER = 'bbbbbbbb-0000-4000-8000-000000000001';

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
  const settingsFile = join(ROOT, 'local.settings.json');
  if (!existsSync(settingsFile)) {
    const example = readFileSync(join(ROOT, 'local.settings.example.json'), 'utf8');
    writeFileSync(settingsFile, withFreshKeys(example, randomBytes));
    say('Wrote local.settings.json from the example, with a signing key of its own.');
  }
  const settings = readSettingsValues(readFileSync(settingsFile, 'utf8'));
  const cloud = await startLocalCloud({ root: ROOT, ports: 'default', stops, settings });
  const control = createControlClient(cloud.simulator.controlUrl);
  await control.createTenant({ tenantId: TENANT, name: 'Contoso' });
  await control.createPrinter(TENANT, { id: PRINTER, displayName: 'Reception' });

  const simulator = cloud.simulator.graphUrl;
  say(`
The local cloud is up:
  the app        ${cloud.hosts[0]?.url ?? ''}  (functions host)
  Graph          ${simulator}  (simulator; its control API below /control)
  storage        ports 10000 to 10002  (Azurite, in memory)

Try in a second terminal, in this folder:
  npm run -s cli -- tenants add ${TENANT} --name Contoso
  npm run -s cli -- subscriptions add --tenant ${TENANT} --printer ${PRINTER}
  npm run -s cli -- subscriptions list

Then print a job (JobFetchable), and watch this terminal:
  curl -s ${simulator}/control/tenants/${TENANT}/jobs -H 'content-type: application/json' -d '{"printerId":"${PRINTER}"}'

For JobStarted, create a definition, bind it to the printer (in Azure that takes a Printer Administrator), watch it:
  npm run -s cli -- definitions create --tenant ${TENANT} --name Receiver
  curl -s ${simulator}/control/tenants/${TENANT}/triggers -H 'content-type: application/json' -d '{"printerId":"${PRINTER}","definitionId":"<id>"}'
  npm run -s cli -- subscriptions add --tenant ${TENANT} --definition <id>

The job events gather in the queue print-job-events. Ctrl-C stops everything. What the app logs:`);
  for (const host of cloud.hosts) {
    host.onLine((line) => {
      const entry = readAppLogLine(line);
      if (!entry) return;
      const { at, event, fields } = entry;
      const facts = Object.entries(fields).map(([name, value]) => `${name}=${String(value)}`);
      say(`  ${new Date(at).toISOString()}  ${event}  ${facts.join(' ')}`);
    });
    void host.exited.then(({ code }) => {
      if (code !== 0 && code !== null)
        say(`The functions host ended with ${code}: press Ctrl-C and start again.`);
    });
  }
}
