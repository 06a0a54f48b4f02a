import { plural } from '../output';
import { isEmptyPlan, takenPrinters, type FleetPlan, type NamedDefinition, type NewWatchOf } from './fleetPlan';

export const PLAN_HEADINGS = ['change', 'printer or definition', 'name', 'detail'];

/** A row for everything that changes, that cannot be changed, or that is left out. */
export function planRows({ definitions, triggers, watches, pullPrintPrinters }: FleetPlan): string[][] {
  const { create, replace, remove, otherApp, unknownOwner } = triggers;
  return [
    ...definitions.map((name) => ['make definition', '', name, '']),
    ...watches.add.map((watch) => ['add watch', watch.id ?? '', watch.name, watch.kind]),
    ...create.map(({ printerId, name, definition }) => ['create trigger', printerId, name, toDefinition(definition)]),
    ...replace.map(({ printerId, name, definition }) => ['replace trigger', printerId, name, toDefinition(definition)]),
    ...remove.map(({ printerId, name, triggerId }) => ['delete trigger', printerId, name, triggerId]),
    ...watches.remove.map(({ id, name, kind, isGone }) => ['remove watch', id, name, isGone ? `${kind}, gone` : kind]),
    ...otherApp.map(({ printerId, name }) => ['none', printerId, name, 'has a trigger of another app']),
    ...unknownOwner.map(({ printerId, name }) => [
      'none',
      printerId,
      name,
      'has a trigger whose definition Graph hides',
    ]),
    ...watches.uncertain.map(({ id, name }) => [
      'none',
      id,
      name,
      'stays, because a trigger of an unknown definition may need it',
    ]),
    ...pullPrintPrinters.map(({ printerId, name }) => ['none', printerId, name, 'is a pull print printer']),
  ];
}

function toDefinition({ name, id }: NamedDefinition): string {
  return `to ${name === '' ? (id ?? '') : name}`;
}

/** Everything that is to be done, and what is left, in one sentence each. */
export function summarizePlan(plan: FleetPlan, tenantId: string): string[] {
  const { definitions, triggers, watches } = plan;
  const { create, replace, remove, keep } = triggers;
  const count = (list: readonly unknown[], singular: string, verb: string) =>
    list.length === 0
      ? []
      : [`${plural(list.length, singular, `${singular}${singular.endsWith('h') ? 'es' : 's'}`)} to ${verb}`];
  const changes = [
    ...count(definitions, 'definition', 'make'),
    ...count(watches.add, 'watch', 'add'),
    ...count(create, 'trigger', 'create'),
    ...count(replace, 'trigger', 'replace'),
    ...count(remove, 'trigger', 'delete'),
    ...count(watches.remove, 'watch', 'remove'),
  ];
  const kept = `${plural(keep.length, 'trigger')} and ${plural(watches.keep.length, 'watch', 'watches')} stay.`;
  const lines = [
    isEmptyPlan(plan)
      ? `Tenant ${tenantId}: nothing to change. ${kept}`
      : `Tenant ${tenantId}: ${changes.join(', ')}. ${kept}`,
  ];
  const taken = takenPrinters(plan).length;
  if (taken > 0) {
    lines.push(
      `${plural(taken, 'printer')} cannot be bound, because a trigger of another or an unknown app is there. Jobs print there past this app. The customer deletes that trigger, or you add the printer to "exclude".`,
    );
  }
  return lines;
}

/** How a step of a plan is called where it waits or fails. */
export function describeWatch({ kind, id, name }: NewWatchOf): string {
  const what = kind === 'jobStarted' ? 'definition' : 'printer';
  return `Watch of ${what} ${describeNamed(id, name)}`;
}

export function describeNamed(id: string | undefined, name: string): string {
  if (id === undefined) return `"${name}"`;
  return name === '' ? id : `${id} (${name})`;
}
