import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { createControlClient } from '../local/graphSimulator/control/controlClient';
import { isStorageWrite } from '../local/faultProxy/proxyCall';
import { runCliCommand } from '../local/processes';
import { startLocalCloud, type LocalCloud } from '../local/startLocalCloud';
import { exactFigure, type Figure } from './ratio';

/** send, claim, event, done, delete */
const MOST_WRITES = 5;
const PATIENCE_MS = 20_000;

/** Calls that one job costs, counted by the fault proxy between the app and storage and Graph. */
export async function countCalls(root: string): Promise<Figure[]> {
  const cloud = await startLocalCloud({ root, ports: 'free', proxy: true });
  try {
    const fetchable = await countForOneJob(root, cloud, 'jobFetchable');
    const started = await countForOneJob(root, cloud, 'jobStarted');
    return [
      exactFigure('graph_calls_fetchable', fetchable.graph, 'calls', 1),
      exactFigure('graph_calls_started', started.graph, 'calls', 2),
      exactFigure('storage_writes_fetchable', fetchable.writes, 'calls', MOST_WRITES),
      exactFigure('storage_writes_started', started.writes, 'calls', MOST_WRITES),
    ];
  } finally {
    await cloud.stop();
  }
}

async function countForOneJob(root: string, cloud: LocalCloud, kind: 'jobFetchable' | 'jobStarted') {
  const { proxy } = cloud;
  if (!proxy) throw new Error('The counts need the fault proxy');
  const control = createControlClient(cloud.simulator.controlUrl);
  const tenantId = randomUUID();
  await control.createTenant({ tenantId });
  const { id: printerId } = await control.createPrinter(tenantId);
  const run = (...args: string[]) => runCliCommand(root, cloud.environment, args);
  await run('tenants', 'add', tenantId, '--name', 'Bench');
  if (kind === 'jobStarted') {
    const { id: definitionId } = await control.createDefinition(tenantId, { displayName: 'Bench' });
    await control.createTrigger(tenantId, { printerId, definitionId });
    await run('subscriptions', 'add', '--tenant', tenantId, '--definition', definitionId);
  } else {
    await run('subscriptions', 'add', '--tenant', tenantId, '--printer', printerId);
  }
  const mark = proxy.mark();
  await control.print(tenantId, { printerId });
  const calls = () => proxy.calls({ since: mark });
  const isDeleted = () => calls().some(({ effect, end }) => effect === 'queue.delete' && end === 'answered');
  for (let waited = 0; !isDeleted(); waited += 50) {
    if (waited > PATIENCE_MS) throw new Error(`The job was not handled within ${PATIENCE_MS} ms`);
    await delay(50);
  }
  return {
    graph: calls().filter(({ target }) => target === 'graph').length,
    writes: calls().filter(isStorageWrite).length,
  };
}
