import type { Config } from '../shared/config';
import type { GraphService } from '../shared/graph/service';
import type { Services } from '../shared/services';
import type { Logger } from '../shared/logger';
import type { OpenStorage } from './doctor/openStorage';
import type { SignIn } from './signInRequest';
import type { Terminal, TerminalStreams } from './terminal';

export type Environment = Readonly<Record<string, string | undefined>>;

/** The outside world of the CLI: main.ts has the real one, tests have their own. */
export interface CliIo extends TerminalStreams {
  env: Environment;
  /** How the command was called, for hints. Absent: hints name the group and verb alone. */
  calledAs?: string;
  /** Of the package. */
  version: string;
  /** The working directory, which may hold local.settings.json. */
  directory: string;
  /** Milliseconds since 1970. */
  now: () => number;
  /** Resolves after so many milliseconds; rejects when the signal is aborted before. */
  sleep: (ms: number, signal?: AbortSignal) => Promise<void>;
  /** Calls `run` every `ms` milliseconds until the function that it returns is called. */
  every: (ms: number, run: () => void) => () => void;
  /** The network, for an address that the caller names. Everything else goes through the services. */
  fetch: typeof fetch;
  /** Aborted by Ctrl-C or SIGTERM. From this call on, the verb ends at a safe point and not the signal the process. */
  interruption: () => AbortSignal;
  /** The name of the person at this machine, for the record. */
  userName: () => string;
  /** Starts the program of the local cloud with this environment. @returns its exit code */
  runLocalTool: (argv: readonly string[], env: Environment) => Promise<number>;
  signIn: SignIn;
  /** Opens an address in a browser of this machine. Calls back when that fails. */
  openBrowser: (address: string, onFailure: () => void) => Promise<void>;
  createServices: (env: Environment) => CliServices;
  openStorage: (config: Config) => Promise<OpenStorage>;
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
  | 'signers'
  | 'queueContents'
  | 'ledger'
  | 'deviceTokens'
  | 'configBlobs'
  | 'documents'
  | 'rules'
  | 'sweep'
> {
  graph(): Promise<Pick<GraphService, 'callGraph'>>;
}

/** What each verb works with. */
export interface CliContext {
  terminal: Terminal;
  version: CliIo['version'];
  /**
   * FUNCTION_KEY of the settings: no argument, because other users of a machine see the arguments of its programs.
   * `isElsewhere`: only the environment has one, and the address of the app is from local.settings.json.
   */
  functionKey: () => Promise<{ key: string | undefined; isElsewhere: boolean }>;
  now: CliIo['now'];
  sleep: CliIo['sleep'];
  userName: CliIo['userName'];
  interruption: CliIo['interruption'];
  /** The same, with the settings of the command line. */
  runLocalTool: (argv: readonly string[]) => Promise<number>;
  signIn: CliIo['signIn'];
  openBrowser: CliIo['openBrowser'];
  openStorage: CliIo['openStorage'];
  fetch: CliIo['fetch'];
  /** Paths of files begin here. */
  directory: string;
  /** The services of the app, opened on first use with the settings of the environment and local.settings.json. */
  services: () => Promise<CliServices>;
  /** What needs no setting of the app: neither the environment nor local.settings.json is read for it. */
  withoutSettings: () => Pick<CliServices, 'userGraph'>;
  /** TRUSTED_HOSTS of the environment: hosts outside Microsoft's clouds that the person at this machine trusts. */
  trustedHosts: string | undefined;
  /** Silent unless --verbose. */
  logger: Logger;
  /** Sets exit code 1 for a verb that completed but had failures. */
  markFailed: () => void;
  /** Sets exit code 3 for a verb that compared and found a difference, unless it had failures. */
  markDifferent: () => void;
}
