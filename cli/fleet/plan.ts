import { ReceiverError } from '../../shared/errors';
import { parseGuid } from '../../shared/parse';
import { fold } from '../resolveNames';
import type { FleetDocument } from './document';
import type { FleetPlan, NamedDefinition, NamedPrinter, OurTrigger } from './fleetPlan';
import type { Fleet, FleetPrinter } from './observe';
import { planWatches } from './planWatches';
import { createSelection } from './selectPrinters';

/**
 * Compares what is wanted with what is there. Pure. A trigger of another app, or of an unknown owner, is in none of the lists
 * that are changed.
 *
 * @throws ReceiverError `fleetInvalid` for a definition that is named by two, or by an id that this app does not have
 */
export function planFleet(document: FleetDocument, fleet: Fleet): FleetPlan {
  const triggers = planTriggers(document, fleet);
  const used = [...triggers.create, ...triggers.replace].map(({ definition }) => definition);
  const keptIds = triggers.keep.map(({ definitionId }) => definitionId);
  const definitions = uniqueDefinitions([...used, ...keptIds.map((id) => ({ id, name: nameOf(fleet, id) }))]);
  return {
    definitions: definitions.filter(({ id }) => id === undefined).map(({ name }) => name),
    triggers,
    watches: planWatches({ document, fleet, definitions, machines: machinesOf(fleet) }),
    pullPrintPrinters: planPullPrint(document, fleet),
  };
}

function planTriggers(document: FleetDocument, fleet: Fleet): FleetPlan['triggers'] {
  const plan: FleetPlan['triggers'] = {
    ...{ create: [], replace: [], remove: [], keep: [] },
    ...{ otherApp: [], unknownOwner: [] },
  };
  if (!document.jobStarted) return plan;
  const entries = document.jobStarted.map(({ definition, printers }) => ({
    definition: findDefinition(fleet, definition),
    includes: createSelection(printers),
  }));
  const ours = new Set(fleet.definitions.map(({ id }) => id));
  for (const printer of machinesOf(fleet)) {
    const { id: printerId, name } = printer;
    const own = printer.triggers.flatMap(({ id: triggerId, definitionId }): OurTrigger[] =>
      definitionId !== undefined && ours.has(definitionId) ? [{ printerId, name, triggerId, definitionId }] : [],
    );
    const definition = entries.find(({ includes }) => includes(printer))?.definition;
    const isRight = ({ definitionId }: OurTrigger) => definition !== undefined && definitionId === definition.id;
    const wrong = own.filter((trigger) => !isRight(trigger));
    const right = own.filter(isRight);
    plan.keep.push(...right);
    if (!definition || right.length > 0) {
      plan.remove.push(...wrong);
      continue;
    }
    const foreign = printer.triggers.filter(({ id }) => !own.some(({ triggerId }) => triggerId === id));
    for (const { id: triggerId, definitionId } of foreign) {
      plan[definitionId === undefined ? 'unknownOwner' : 'otherApp'].push({ printerId, name, triggerId });
    }
    if (foreign.length > 0) plan.remove.push(...wrong);
    else if (wrong.length > 0) plan.replace.push({ printerId, name, definition, old: wrong });
    else plan.create.push({ printerId, name, definition });
  }
  return plan;
}

/**
 * The definition that a document names. One with a new name is to be made.
 *
 * @throws ReceiverError `fleetInvalid`
 */
export function findDefinition({ definitions }: Pick<Fleet, 'definitions'>, text: string): NamedDefinition {
  const wanted = fold(text.trim());
  const found = definitions.filter(({ id, name }) => id === wanted || fold(name.trim()) === wanted);
  const [first, second] = found;
  if (second) {
    throw new ReceiverError('fleetInvalid', `This app has ${found.length} definitions with the name "${text}"`, {
      details: found.map(({ id, name }) => `${id} (${name})`),
      remedy: 'Write the id of one of them into the document.',
    });
  }
  if (first) return first;
  if (parseGuid(text) === undefined) return { name: text.trim() };
  throw new ReceiverError('fleetInvalid', `This app has no definition with the id ${text}`, {
    remedy: 'Write the name of the definition into the document, and it is made.',
  });
}

function nameOf({ definitions }: Fleet, id: string): string {
  return definitions.find((definition) => definition.id === id)?.name ?? '';
}

/** Each definition once: by its id, or by its name before it has one. */
export function uniqueDefinitions(definitions: readonly NamedDefinition[]): NamedDefinition[] {
  const byKey = new Map(
    definitions.map((definition) => [definition.id ?? `name ${fold(definition.name)}`, definition]),
  );
  return [...byKey.values()];
}

/** The printers without pull print printers, which Graph may list among them: no page says that it does not. */
function machinesOf({ printers, pullPrintPrinters = [] }: Fleet): FleetPrinter[] {
  const pullPrint = new Set(pullPrintPrinters.map(({ id }) => id));
  return printers.filter(({ id }) => !pullPrint.has(id));
}

function planPullPrint({ jobStarted = [], jobFetchable }: FleetDocument, fleet: Fleet): NamedPrinter[] {
  const selections = [...jobStarted, ...(jobFetchable ? [jobFetchable] : [])].map(({ printers }) =>
    createSelection(printers),
  );
  return (fleet.pullPrintPrinters ?? [])
    .filter(({ id, displayName }) => {
      const printer = { id, name: displayName, manufacturer: '', model: '', shares: [], location: {} };
      return selections.some((includes) => includes(printer));
    })
    .map(({ id, displayName }) => ({ printerId: id, name: displayName }));
}
