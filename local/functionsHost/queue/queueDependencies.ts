import type { QueueClient } from '@azure/storage-queue';
import type { Activity } from '../createActivity';
import type { Alarm } from '../createAlarm';
import type { Invoker } from '../createInvoker';
import type { Reporter } from '../createReporter';
import type { QueueOptions } from '../settings/parseHostJson';

/** What listening to one queue and running its messages needs. */
export interface QueueDependencies {
  readonly client: QueueClient;
  readonly poison: QueueClient | undefined;
  readonly options: QueueOptions;
  readonly leaseMs: number;
  readonly invoke: Invoker;
  readonly reporter: Reporter;
  readonly activity: Activity;
  readonly alarm: Alarm;
  readonly now: () => number;
  readonly random: () => number;
}
