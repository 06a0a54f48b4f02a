import type { GraphService } from '../shared/graph/service';
import type { Services } from '../shared/services';
import type { Logger } from '../shared/logger';

export type Environment = Readonly<Record<string, string | undefined>>;

/** The outside of the CLI: the real one is in main.ts, tests bring their own. */
export interface CliIo {
  /** Data only. */
  stdout: (text: string) => void;
  /** Words for a person: progress, questions, errors. */
  stderr: (text: string) => void;
  env: Environment;
  /** The working directory, where local.settings.json is looked for. */
  directory: string;
  /** Asks a yes-or-no question; undefined when nobody is there to answer. */
  confirm: (question: string) => Promise<boolean | undefined>;
  /** Milliseconds since 1970. */
  now: () => number;
  createServices: (env: Environment) => CliServices;
}

/** The part of the app's services that the verbs use. */
export interface CliServices extends Pick<
  Services,
  | 'config'
  | 'tenants'
  | 'watches'
  | 'subscriptions'
  | 'userGraph'
  | 'queue'
  | 'queueContents'
  | 'ledger'
  | 'sweep'
> {
  graph(): Promise<Pick<GraphService, 'callGraph'>>;
}

/** What a verb works with. */
export interface CliContext {
  io: CliIo;
  /** The services over environment and local.settings.json, opened on first use. */
  services: () => Promise<CliServices>;
  /** Silent unless --verbose. */
  logger: Logger;
  /** Says that the verb did its work but not all of it succeeded: exit code 1. */
  markFailed: () => void;
}
