import type { FleetSteps } from '../../cli/fleet/apply';
import type { Fleet } from '../../cli/fleet/observe';

/** A trigger of the model. `definitionId` is undefined where Graph hides it. */
interface ModelTrigger {
  id: string;
  definitionId: string | undefined;
}

/** What a customer has, as plain data. */
export interface FleetState {
  printers: { id: string; name: string; trigger?: ModelTrigger }[];
  /** Of this app. */
  definitions: { id: string; name: string }[];
  watches: { kind: 'jobStarted' | 'jobFetchable'; id: string; isLive: boolean }[];
}

/**
 * A customer in memory. Its steps refuse what Graph refuses, and what would let a job wait without a receiver: a new trigger without a
 * live subscription of its definition, and the end of a subscription while a trigger of its definition is there.
 */
export function createFleetModel(initial: FleetState) {
  const printers = new Map(initial.printers.map((printer) => [printer.id, { ...printer }]));
  const definitions = new Map(initial.definitions.map((definition) => [definition.id, definition]));
  const watches = new Map(initial.watches.map((watch) => [`${watch.kind} ${watch.id}`, watch]));
  const broken: string[] = [];
  let made = 0;
  const isOurs = (definitionId: string | undefined) => definitionId !== undefined && definitions.has(definitionId);
  const steps: FleetSteps = {
    async makeDefinition(name) {
      await Promise.resolve();
      made += 1;
      definitions.set(`made-${made}`, { id: `made-${made}`, name });
      return `made-${made}`;
    },
    async startWatch({ kind, id }) {
      await Promise.resolve();
      watches.set(`${kind} ${id}`, { kind, id, isLive: true });
    },
    async createTrigger({ printerId, definitionId }) {
      await Promise.resolve();
      const printer = printers.get(printerId);
      if (!printer || printer.trigger) throw new Error('The printer takes no trigger');
      if (watches.get(`jobStarted ${definitionId}`)?.isLive !== true) broken.push(`${definitionId} is not live`);
      made += 1;
      printer.trigger = { id: `trigger-${made}`, definitionId };
    },
    async deleteTrigger({ printerId, triggerId }) {
      await Promise.resolve();
      const printer = printers.get(printerId);
      if (printer?.trigger?.id !== triggerId) throw new Error('The printer has no such trigger');
      if (!isOurs(printer.trigger.definitionId)) broken.push(`${triggerId} is of another app`);
      delete printer.trigger;
    },
    async stopWatch({ kind, id }) {
      await Promise.resolve();
      const isBound = [...printers.values()].some(({ trigger }) => trigger?.definitionId === id);
      if (kind === 'jobStarted' && isBound) broken.push(`a trigger is bound to ${id}`);
      watches.delete(`${kind} ${id}`);
    },
  };
  return {
    steps,
    /** What a step has broken. */
    broken,
    /** Triggers that are not of this app, by printer. */
    foreign: () =>
      [...printers.values()].flatMap(({ id, trigger }) =>
        trigger && !isOurs(trigger.definitionId) ? [`${id} ${trigger.id}`] : [],
      ),
    observe: (): Fleet => ({
      printers: [...printers.values()].map(({ id, name, trigger }) => ({
        ...{ id, name, manufacturer: '', model: '', shares: [], location: {} },
        triggers: (trigger ? [trigger] : []).map(({ id: triggerId, definitionId }) => ({
          id: triggerId,
          ...(definitionId === undefined ? {} : { definitionId }),
        })),
      })),
      definitions: [...definitions.values()],
      watches: [...watches.values()].map((watch) => ({ ...watch, name: '', isWanted: true })),
      pullPrintPrinters: [],
    }),
  };
}
