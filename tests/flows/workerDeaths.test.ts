import { killProcess } from '../../local/standIns';
import { eventually } from '../support/eventually';
import { startFlow } from '../support/startFlow';

/** Its messages come back and its work is done, so that without this no other test would show that the app ended by itself. */
it('a process of the app that ends by itself fails its flow, and one that the test kills does not', async () => {
  const flow = await startFlow();
  const [host] = flow.cloud.hosts;
  if (!host) throw new Error('The flow has no host');
  const killed = host.workerPid();
  host.killWorker();
  await eventually('another worker', () => (host.workerPid() === killed ? undefined : host.workerPid()));
  expect(flow.cloud.workerDeaths()).toEqual([]);
  killProcess(host.workerPid());
  await eventually('a death', () => flow.cloud.workerDeaths()[0]);
  await expect(flow.stop()).rejects.toThrow('ended by itself: The worker process ended with SIGKILL.');
}, 60_000);
