import type { CliServices } from './context';
import type { Terminal } from './terminal';

export interface ProgressDeps {
  terminal: Pick<Terminal, 'status'>;
  /** Milliseconds since 1970. */
  now: () => number;
  /** Calls `run` every `ms` milliseconds until the function that it returns is called. */
  every: (ms: number, run: () => void) => () => void;
}

/** What a person sees while a verb works. */
export interface Progress {
  /** The same services, which say what is waited for. */
  watch: (services: CliServices) => CliServices;
  /** The verb waits for a person, or reports by itself. */
  stop(): void;
}

/** Between the limits for response times of Nielsen: 1 s keeps the flow of thought, 10 s the attention. */
const FIRST_AFTER_MS = 2_000;

const SERVICES: Readonly<Record<keyof CliServices, string>> = {
  config: 'the settings',
  tenants: 'Table storage',
  watches: 'Table storage',
  ledger: 'Table storage',
  deviceTokens: 'Table storage',
  queue: 'Queue storage',
  queueContents: 'Queue storage',
  signers: 'the settings',
  configBlobs: 'Blob storage',
  documents: 'Blob storage',
  rules: 'Blob storage',
  graph: 'Microsoft Graph',
  userGraph: 'the sign-in or Microsoft Graph',
  subscriptions: 'Microsoft Graph',
  sweep: 'Microsoft Graph',
};

/** Says after two seconds, and then every second on a screen, that the verb still works and on what. */
export function startProgress({ terminal, now, every }: ProgressDeps): Progress {
  const startedAt = now();
  let waitsFor = '';
  const end = every(1_000, () => {
    const ms = now() - startedAt;
    if (ms < FIRST_AFTER_MS) return;
    const what = waitsFor === '' ? '' : `, last with ${waitsFor}`;
    terminal.status(`Working for ${Math.floor(ms / 1_000)} s${what}.`);
  });
  return {
    watch(services) {
      const watched: Partial<Record<keyof CliServices, unknown>> = {};
      for (const name of Object.keys(SERVICES) as (keyof CliServices)[]) {
        const open: (...args: never[]) => unknown = services[name].bind(services);
        watched[name] = (...args: never[]) => {
          waitsFor = SERVICES[name];
          return open(...args);
        };
      }
      return { ...services, ...(watched as CliServices) };
    },
    stop() {
      end();
      terminal.status(undefined);
    },
  };
}
