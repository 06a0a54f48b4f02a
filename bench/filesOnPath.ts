import { QueueServiceClient } from '@azure/storage-queue';
import { randomUUID } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { SourceMap } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join, relative, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { createControlClient } from '../local/graphSimulator/control/controlClient';
import { runCliCommand } from '../local/processes';
import { startLocalCloud } from '../local/startLocalCloud';
import { TIMERS_OFF } from '../tests/support/timers';
import { exact, type Measured, type Part } from './figures';

/** 20 when the house was built; what is built on it since, such as signed messages, has room up to this. */
const BAR = 28;
/** The base that every file may build on does not count. */
const BASE = /^shared\/(errors|logger|clock|config|services|parse)\.ts$/;
const POLL_MS = 50;
const PATIENCE_MS = 20_000;
/** A watch is renewed an hour after its last PATCH. */
const UNTIL_DUE_MS = 61 * 60_000;

const TAKE_COVERAGE = `import v8 from 'node:v8'; process.on('SIGUSR2', () => v8.takeCoverage());`;

/**
 * How many of the product's own files a reader has to follow: those of which a function runs, by V8's coverage of the
 * built app, mapped back to the sources. The process is warm: the first run loads what is needed, the second counts.
 */
export const filesOnPath: Part = {
  title: 'files on the path of a job and of a renewal',
  figures: {
    files_job: {
      what: 'own source files that execute from the POST to the event of one JobFetchable',
      unit: 'files',
      bar: BAR,
    },
    files_renewal: {
      what: 'own source files that execute from the timer to the PATCH of a due watch',
      unit: 'files',
      bar: BAR,
    },
  },
  async measure({ root, isWanted }) {
    const folder = await mkdtemp(join(tmpdir(), 'print-coverage-'));
    const cloud = await startLocalCloud({ root, ports: 'free', clock: true, settings: TIMERS_OFF });
    try {
      const host = await cloud.restartHost(0, {
        NODE_V8_COVERAGE: folder,
        NODE_OPTIONS: `--import data:text/javascript,${encodeURIComponent(TAKE_COVERAGE)}`,
      });
      const takeFiles = async () => {
        await host.waitUntilIdle();
        process.kill(host.workerPid(), 'SIGUSR2');
        return executedFiles(root, await nextReport(folder));
      };
      const control = createControlClient(cloud.simulator);
      const tenantId = randomUUID();
      await control.createTenant({ tenantId });
      const { id: printerId } = await control.createPrinter(tenantId);
      const runCli = (...args: string[]) => runCliCommand(root, cloud.environment, args);
      await runCli('tenants', 'add', tenantId, '--name', 'Bench');
      await runCli('subscriptions', 'add', '--tenant', tenantId, '--printer', printerId);

      const events = QueueServiceClient.fromConnectionString(cloud.connectionString).getQueueClient('print-job-events');
      const countEvents = async () => (await events.getProperties()).approximateMessagesCount ?? 0;
      const handleJob = async () => {
        const before = await countEvents();
        await control.print(tenantId, { printerId });
        await until('the event of the job', async () => (await countEvents()) > before);
      };
      const countPatches = async () =>
        (await control.calls()).filter(({ method, status }) => method === 'PATCH' && status === 200).length;
      const renew = async () => {
        cloud.clock?.move(UNTIL_DUE_MS);
        const before = await countPatches();
        await startFunction(host.url, cloud.functionKey, 'renewSubscriptions');
        await until('the PATCH', async () => (await countPatches()) > before);
      };

      const measured: Record<string, Measured> = {};
      for (const [name, run] of Object.entries({ files_job: handleJob, files_renewal: renew })) {
        if (!isWanted(name)) continue;
        await run();
        await takeFiles();
        await run();
        const files = await takeFiles();
        measured[name] = exact(files.length, files);
      }
      return measured;
    } finally {
      await cloud.stop();
      await rm(folder, { recursive: true, force: true });
    }
  },
};

async function startFunction(hostUrl: string, functionKey: string, name: string): Promise<void> {
  const { status } = await fetch(`${hostUrl}/admin/functions/${name}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-functions-key': functionKey },
    body: '{}',
  });
  if (status !== 202) throw new Error(`/admin/functions/${name} answered ${status}`);
}

async function until(what: string, isTrue: () => Promise<boolean>): Promise<void> {
  for (let waited = 0; !(await isTrue()); waited += POLL_MS) {
    if (waited > PATIENCE_MS) throw new Error(`${what} did not come within ${PATIENCE_MS} ms`);
    await delay(POLL_MS);
  }
}

/** What this bench reads of a coverage report (V8 inspector protocol, Profiler.ScriptCoverage). */
interface Report {
  result: {
    url: string;
    functions: { ranges: { startOffset: number; endOffset: number; count: number }[] }[];
  }[];
}

/** Reads the report that takeCoverage writes to NODE_V8_COVERAGE, and deletes it. Counters start again at 0 with it. */
async function nextReport(folder: string): Promise<Report> {
  let report: Report | undefined;
  await until('the coverage report', async () => {
    const [name] = await readdir(folder);
    if (name === undefined) return false;
    try {
      report = JSON.parse(await readFile(join(folder, name), 'utf8')) as Report;
    } catch {
      // Still being written.
      return false;
    }
    await rm(join(folder, name));
    return true;
  });
  if (!report) throw new Error('No coverage report');
  return report;
}

/** The sources of the product, as paths from `root`, of which a function ran. */
async function executedFiles(root: string, report: Report): Promise<string[]> {
  const built = join(root, 'dist', 'functions');
  const files = new Set<string>();
  for (const { url, functions } of report.result) {
    const script = url.startsWith('file:') ? fileURLToPath(url) : '';
    if (!script.startsWith(built)) continue;
    const text = await readFile(script, 'utf8');
    const map = new SourceMap(JSON.parse(await readFile(`${script}.map`, 'utf8')) as object as SourceMap['payload']);
    for (const { ranges } of functions) {
      const [whole] = ranges;
      const isModule = whole?.startOffset === 0 && whole.endOffset === text.length;
      if (!whole || whole.count === 0 || isModule) continue;
      const before = text.slice(0, whole.startOffset);
      const line = before.split('\n').length - 1;
      const entry = map.findEntry(line, whole.startOffset - (before.lastIndexOf('\n') + 1));
      if (!('originalSource' in entry)) continue;
      const path = relative(root, resolve(dirname(script), entry.originalSource)).replaceAll('\\', '/');
      if (/^(shared|functions)\//.test(path) && !BASE.test(path)) files.add(path);
    }
  }
  return [...files].sort();
}
