import type { Flow } from '../support/startFlow';
import type { Hour } from './schedule';

const QUIET: Hour = { graph: 'up', app: 'up', faults: false };

/** Brings what is out of order from where the hour `before` left it to what `hour` asks for. */
export async function changeTrouble(
  { cloud, control }: Pick<Flow, 'cloud' | 'control'>,
  before: Hour = QUIET,
  hour: Hour,
  random: () => number,
): Promise<void> {
  if (hour.graph !== before.graph) {
    if (hour.graph === 'up') await control.endOutage();
    else {
      await control.startOutage({
        answer: hour.graph === 'reset' ? 'reset' : 'status503',
        tokens: random() < 0.5,
        notifications: random() < 0.5 ? 'late' : 'lost',
        ...(hour.graph === 'outFor' ? { retryAfterSeconds: 120 } : {}),
      });
    }
  }
  if (hour.app !== before.app) {
    if (hour.app === 'up') await cloud.restartHost();
    else await cloud.hosts[0]?.kill();
  }
  if (hour.faults === before.faults) return;
  if (hour.faults) await addFaults(control);
  else await control.clearFaults();
}

/** 20 % of all calls to Graph, in all. The first rule that acts wins. */
async function addFaults(control: Flow['control']): Promise<void> {
  const rules = [
    { rate: 0.05, action: { type: 'status', status: 429, retryAfterSeconds: 120 } },
    { rate: 0.07, action: { type: 'status', status: 429, retryAfterSeconds: 0.5, retryAfterMaxSeconds: 3 } },
    { rate: 0.04, action: { type: 'status', status: 503 } },
    { rate: 0.05, action: { type: 'status', status: 500 } },
  ] as const;
  for (const rule of rules) await control.addFault({ ...rule, count: -1 });
}
