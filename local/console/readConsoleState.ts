import type { ControlClient } from '../graphSimulator/control/controlClient';
import type { SimulatorState } from '../graphSimulator/control/viewState';
import { describePresets, PRESETS, type PresetOptions } from '../tool/presets';
import type { AppProcess } from './appProcess';
import type { ConsoleCustomer, ConsoleFault, ConsoleState, ConsoleWatch, FaultRequest, Step } from './consoleApi';
import { memberOf } from './timeline/jobFacts';

/** How long the app is down when nothing else is asked for. */
export const KILL_SECONDS = 5;
/** Watches are read by a process of the command line, which takes a third of a second of a core. */
const WATCHES_KEPT_MS = 60_000;

export interface StateDeps {
  control: ControlClient;
  app: Pick<AppProcess, 'url' | 'state'>;
  /** Runs a command of the product, and returns its JSON. */
  runCli: (...args: string[]) => Promise<unknown>;
  service: () => Step[];
  now: () => number;
}

/** Reads the state of the console. Watches come from a read that may still run: the next state has them. */
export function createStateReader({ control, app, runCli, service, now }: StateDeps): () => Promise<ConsoleState> {
  let watches: StoredWatch[] = [];
  let seen = { of: '', at: -Infinity };
  let reading: Promise<void> | undefined;

  const refreshWatches = (simulated: SimulatorState) => {
    // Graph and the app change a watch together. The command line alone changes what Graph does not see.
    const of = JSON.stringify([
      simulated.subscriptions.map(({ id, expiresAt }) => [id, expiresAt]),
      consents(simulated),
    ]);
    if (reading || (of === seen.of && now() - seen.at < WATCHES_KEPT_MS)) return;
    seen = { of, at: now() };
    reading = runCli('subscriptions', 'list')
      .then((listed) => void (watches = Array.isArray(listed) ? listed.flatMap(parseWatch) : []))
      .catch(() => void (seen = { of: '', at: now() })) // The next look tries again.
      .finally(() => (reading = undefined));
  };
  return async () => {
    const simulated = await control.state();
    refreshWatches(simulated);
    return {
      app: { url: app.url, state: app.state() },
      customers: simulated.tenants.map((tenant) => describeCustomer(simulated, tenant, watches)),
      faults: await readFaults(control, app),
      service: service(),
    };
  };
}

/** Every fault of the console with what is left of it. */
export async function readFaults(control: ControlClient, app: Pick<AppProcess, 'state'>): Promise<ConsoleFault[]> {
  const faults: ConsoleFault[] = (await describePresets(control)).map(({ fault, meaning, state }) => {
    const { canClear, takes } = PRESETS[fault];
    return {
      name: fault,
      meaning: asSentence(meaning),
      canClear,
      isSet: state !== '',
      state,
      takes: takes.map(requestField),
    };
  });
  const state = app.state();
  return [
    ...faults,
    {
      name: 'kill',
      meaning: `The app is killed, and started again after ${KILL_SECONDS} seconds. Graph and the queues keep what it missed.`,
      canClear: false,
      isSet: state !== 'running',
      state: state === 'running' ? '' : state,
      takes: ['seconds'],
    },
  ];
}

function requestField(option: keyof PresetOptions): keyof FaultRequest {
  return option === 'tenant' ? 'tenantId' : option;
}

function asSentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}

function consents({ tenants }: SimulatorState) {
  return tenants.map(({ tenantId, consentRevoked, roles }) => [tenantId, consentRevoked, roles.length]);
}

/** A watch as `subscriptions list --json` prints it. */
type StoredWatch = Omit<ConsoleWatch, 'name'> & { tenantId: string; id: string; name: string | undefined };

function parseWatch(watch: unknown): StoredWatch[] {
  const text = (name: string) => {
    const value = memberOf(watch, name);
    return typeof value === 'string' ? value : undefined;
  };
  const [tenantId, id, kind] = [text('tenantId'), text('id'), text('kind')];
  if (tenantId === undefined || id === undefined || (kind !== 'jobStarted' && kind !== 'jobFetchable')) return [];
  const expiresAt = Date.parse(text('expirationDateTime') ?? '');
  const status = text('state') ?? 'unknown';
  const times = Number.isNaN(expiresAt) ? {} : { expiresAt };
  return [{ tenantId, id, watchId: `${kind}_${id}`, scenario: kind, name: text('name'), status, ...times }];
}

function describeCustomer(
  { subscriptions }: SimulatorState,
  tenant: SimulatorState['tenants'][number],
  watches: readonly StoredWatch[],
): ConsoleCustomer {
  const { tenantId, name, printers, definitions, consentRevoked, roles } = tenant;
  const isWatched = (kind: string, targetId: string | undefined) =>
    subscriptions.some((one) => one.tenantId === tenantId && one.kind === kind && one.targetId === targetId);
  const nameOf = (id: string) =>
    definitions.find((one) => one.id === id)?.displayName ?? printers.find((one) => one.id === id)?.displayName ?? id;
  return {
    ...{ tenantId, name, consent: consentRevoked ? 'withdrawn' : roles.length === 0 ? 'notGranted' : 'granted' },
    printers: printers.map(({ id, displayName, trigger }) => {
      const free = isWatched('jobFetchable', id) ? 'jobFetchable' : 'none';
      const scenario = trigger && isWatched('jobStarted', trigger.definitionId) ? 'jobStarted' : free;
      return { printerId: id, name: displayName, scenario };
    }),
    watches: watches
      .filter((watch) => watch.tenantId === tenantId)
      .map(({ tenantId: _of, id, name: known, ...watch }) => ({ ...watch, name: known ?? nameOf(id) })),
  };
}
