import { setTimeout as delay } from 'node:timers/promises';
import { fieldOf, onboardJobStarted, type RunCommand } from './demoCustomers';
import type { ControlClient } from './graphSimulator/control/controlClient';
import { withRulesFile } from './rulesFile';
import type { LocalCloud } from './startLocalCloud';

/** One job event of the vendor's queue. */
export interface DemoEvent {
  id: string;
  type: string;
  data: unknown;
}

interface Demo {
  cloud: LocalCloud;
  control: ControlClient;
  run: RunCommand;
  say: (text?: string) => void;
  readEvents: () => Promise<DemoEvent[]>;
}

const LIMIT_MS = 15_000;

/** A third customer with rules: one job is aborted, one redirected, one held, then released and archived. True when all events came. */
export async function showRules({ cloud, control, run, say, readEvents }: Demo): Promise<boolean> {
  say('\nA third customer has rules, and its administrator has consented to changes and documents of jobs as well:');
  const { tenantId, printerId } = await onboardJobStarted(control, run, 'Northwind', 'Redirect jobs', 'Read documents');
  await run('subscriptions', 'add', '--tenant', tenantId, '--printer', printerId);
  const { id: colorPrinter } = await control.createPrinter(tenantId, { displayName: 'Color room' });
  await withRulesFile(JSON.stringify(rulesOf(colorPrinter), null, 2), (file) =>
    run('rules', 'push', file, '--tenant', tenantId, '--name', 'Northwind'),
  );

  const print = async (title: string, configuration: Record<string, unknown>) => {
    const [job] = await control.print(tenantId, { printerId, configuration });
    if (!job?.taskId || job.definitionId === undefined) throw new Error('The simulator printed no job with a task');
    const key = `jobStarted_${job.definitionId}_${job.taskId}`;
    const show = async (end = '') => {
      const id = `${tenantId}/${key}${end}`;
      const event = await untilSent(readEvents, id);
      const outcome = String(fieldOf(event.data, 'outcome'));
      const rule = fieldOf(event.data, 'rule');
      say(`  ${title}: ${event.type}, outcome ${outcome}, rule "${String(rule)}"`);
      return outcome;
    };
    return { key, show, jobId: job.jobId };
  };
  say('\nIts users print three jobs:');
  const big = await print('900 copies', { copies: 900 });
  const color = await print('in color', { colorMode: 'color' });
  const plain = await print('one page', { colorMode: 'grayscale' });
  const outcomes = [await big.show(), await color.show(), await plain.show()];

  const path = `/api/jobs/${tenantId}/${plain.key}/release`;
  say(`\nThe user shows a badge, and the vendor's backend releases the job: POST ${path}`);
  const answer = await fetch(new URL(path, cloud.settings['PUBLIC_BASE_URL']), {
    method: 'POST',
    headers: { 'x-functions-key': cloud.functionKey },
  });
  if (answer.status !== 202) throw new Error(`The release was answered with ${answer.status}`);
  outcomes.push(await plain.show('/end'));
  const archived = await untilSent(readEvents, `${tenantId}/jobFetchable_${printerId}_${plain.jobId}`);
  const [document] = [fieldOf(archived.data, 'archived')].flat();
  say(`Then its document is archived: ${archived.type}, rule "${String(fieldOf(archived.data, 'rule'))}"`);
  say(`  blob    ${String(fieldOf(document, 'container'))}/${String(fieldOf(document, 'blob'))}`);
  say(`  size    ${String(fieldOf(document, 'size'))} bytes`);
  say(`  SHA-256 ${String(fieldOf(document, 'sha256'))}`);
  outcomes.push(String(fieldOf(archived.data, 'outcome')));
  const right = outcomes.join() === 'aborted,redirected,held,released,archived';
  const expected = 'Expected one aborted, one redirected, and one held, released and archived.\n';
  say(right ? 'Each job took effect once.\n' : expected);
  return right;
}

/** docs/rules.md explains the language. */
function rulesOf(colorPrinter: string): object {
  const when = (condition: object) => ({ on: 'jobStarted', when: condition });
  return {
    version: 1,
    rules: [
      { name: 'big jobs', ...when({ copies: { above: 500 } }), then: { abort: { reason: 'More than 500 copies' } } },
      {
        name: 'color room',
        ...when({ colorMode: ['color'], not: { printer: colorPrinter } }),
        then: { redirect: { printer: colorPrinter } },
      },
      { name: 'pull printing', on: 'jobStarted', then: { hold: { for: '4h', else: 'abort' } } },
      { name: 'archive', on: 'jobFetchable', then: { archive: {} } },
    ],
  };
}

async function untilSent(readEvents: () => Promise<DemoEvent[]>, id: string): Promise<DemoEvent> {
  for (let waited = 0; waited <= LIMIT_MS; waited += 50) {
    const event = (await readEvents()).find((one) => one.id === id);
    if (event) return event;
    await delay(50);
  }
  throw new Error(`The event ${id} was not sent within ${LIMIT_MS / 1000} s`);
}
