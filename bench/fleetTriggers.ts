import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { createControlClient, type ControlClient } from '../local/graphSimulator/control/controlClient';
import { startLocalCloud, type LocalCloud } from '../local/startLocalCloud';
import { TIMERS_OFF } from '../tests/support/timers';
import { exact, type Part } from './figures';

const TRIGGERS = 5_000;
const TENANT = '11111111-1111-1111-1111-111111111111';
const COMMAND_LIMIT_MS = 10 * 60_000;
/** The listing: the pages of printers, and the triggers of each. */
const LISTING = ['GET /print/printers', 'GET /print/printers/{printerId}/taskTriggers'];

/**
 * `fleet apply` for a customer with 5,000 printers that has nothing yet, with the built command line, the app for the handshakes
 * and a person who signs in at once.
 */
export const fleetTriggers: Part = {
  title: 'five thousand triggers of one customer',
  figures: {
    fleet_trigger_calls: {
      what: 'calls to Graph of fleet apply for 5,000 triggers beyond the listing, for each trigger',
      unit: 'calls',
      bar: 1.1,
    },
  },
  async measure({ root }) {
    const cloud = await startLocalCloud({ root, ports: 'free', settings: TIMERS_OFF });
    const folder = await mkdtemp(join(tmpdir(), 'bench-fleet-'));
    try {
      const control = createControlClient(cloud.simulator);
      await control.createTenant({ tenantId: TENANT });
      await control.createFleet(TENANT, { count: TRIGGERS });
      const document = { version: 1, jobStarted: [{ definition: 'Receiver', printers: { include: ['*'] } }] };
      await writeFile(join(folder, 'fleet.json'), JSON.stringify(document));
      const run = (...argv: string[]) => runCommand(root, { cloud, folder }, argv);
      await run('tenants', 'add', TENANT, '--name', 'Bench');
      await run('fleet', 'import', 'fleet.json', '--tenant', TENANT);
      await control.clearCalls();
      const startedAt = performance.now();
      await run('fleet', 'apply', '--yes', '--tenant', TENANT);
      const tookMs = performance.now() - startedAt;
      return { fleet_trigger_calls: await countCalls(control, tookMs) };
    } finally {
      await rm(folder, { recursive: true });
      await cloud.stop();
    }
  },
};

async function countCalls(control: ControlClient, tookMs: number) {
  const { tenants } = await control.state();
  const bound = tenants.flatMap(({ printers }) => printers).filter(({ trigger }) => trigger !== undefined);
  if (bound.length !== TRIGGERS) throw new Error(`${bound.length} of ${TRIGGERS} printers have a trigger`);
  const counts = await control.callCounts({ tenantId: TENANT });
  const listed = counts[LISTING[1] ?? ''] ?? 0;
  // A second listing of a printer is one of the calls beyond the first.
  const beyond =
    Object.entries(counts).reduce((sum, [call, count]) => sum + (LISTING.includes(call) ? 0 : count), 0) +
    Math.max(0, listed - TRIGGERS);
  const details = Object.entries(counts).map(([call, count]) => `${count} ${call}`);
  return exact(beyond / TRIGGERS, [...details, `${(tookMs / 1_000).toFixed(1)} s`]);
}

async function runCommand(
  root: string,
  { cloud, folder }: { cloud: LocalCloud; folder: string },
  argv: readonly string[],
): Promise<void> {
  const env = { ...cloud.environment, BROWSER: join(root, 'tests', 'fixtures', 'browser.cjs') };
  const options = { env, cwd: folder, timeout: COMMAND_LIMIT_MS };
  await promisify(execFile)(process.execPath, [join(root, 'cli', 'run.cjs'), ...argv], options);
}
