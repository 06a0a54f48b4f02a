import type { Activity } from './activity';
import type { Alarm } from './alarm';
import type { Reporter } from './reporter';
import type { HostConfig } from './settings/hostJson';
import type { Invoker } from './worker/dispatcher';

/** What the listeners of one host share. */
export interface HostContext {
  readonly env: NodeJS.ProcessEnv;
  readonly config: HostConfig;
  readonly hostId: string;
  readonly leaseMs: number;
  readonly invoke: Invoker;
  readonly reporter: Reporter;
  readonly activity: Activity;
  readonly alarm: Alarm;
  readonly now: () => number;
}
