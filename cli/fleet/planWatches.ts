import type { WatchKind } from '../../shared/watches/watches';
import type { FleetDocument } from './document';
import type { FleetPlan, NamedDefinition, NewWatchOf } from './fleetPlan';
import type { Fleet, FleetPrinter } from './observe';
import { createSelection } from './selectPrinters';

interface PlanWatchesDeps {
  document: FleetDocument;
  fleet: Fleet;
  /** The definitions of the triggers that there are to be. */
  definitions: readonly NamedDefinition[];
  /** The printers that can be watched. */
  machines: readonly FleetPrinter[];
}

/** The watches of the scenarios that the document names: to add, to remove, to keep. */
export function planWatches({ document, fleet, definitions, machines }: PlanWatchesDeps): FleetPlan['watches'] {
  const { jobStarted, jobFetchable } = document;
  const plans: FleetPlan['watches'][] = [];
  if (jobStarted) {
    const wanted = definitions.map((definition): NewWatchOf => ({ kind: 'jobStarted', ...definition }));
    plans.push(keepUncertain(fleet, compare('jobStarted', wanted, fleet, fleet.definitions)));
  }
  if (jobFetchable) {
    const wanted = machines
      .filter(createSelection(jobFetchable.printers))
      .map(({ id, name }): NewWatchOf => ({ kind: 'jobFetchable', id, name }));
    plans.push(compare('jobFetchable', wanted, fleet, fleet.printers));
  }
  return {
    add: plans.flatMap(({ add }) => add),
    remove: plans.flatMap(({ remove }) => remove),
    keep: plans.flatMap(({ keep }) => keep),
    uncertain: plans.flatMap(({ uncertain }) => uncertain),
  };
}

/** @param listed what Graph has: a watch of anything else can only fail */
function compare(
  kind: WatchKind,
  wanted: readonly NewWatchOf[],
  fleet: Fleet,
  listed: readonly { id: string; name: string }[],
): FleetPlan['watches'] {
  const plan: FleetPlan['watches'] = { add: [], remove: [], keep: [], uncertain: [] };
  const stored = fleet.watches.filter((watch) => watch.kind === kind);
  const liveIds = new Set(stored.filter(({ isLive }) => isLive).map(({ id }) => id));
  for (const watch of wanted) {
    const { id, name } = watch;
    if (id !== undefined && liveIds.has(id)) plan.keep.push({ kind, id, name });
    else plan.add.push(watch);
  }
  const wantedIds = new Set(wanted.map(({ id }) => id));
  const names = new Map(listed.map(({ id, name }) => [id, name]));
  // The app already removes the watches that are not wanted.
  for (const { id, name } of stored.filter((watch) => watch.isWanted && !wantedIds.has(watch.id))) {
    plan.remove.push({ kind, id, name: names.get(id) ?? name, isGone: !names.has(id) });
  }
  return plan;
}

/**
 * Where Graph does not show the definition of a trigger, it may be any of ours that exists. And a definition that is missing in
 * the listing, but bound to a printer, may be one that was made a moment ago. A job of such a trigger would wait for the sweep if
 * its watch were removed.
 */
function keepUncertain({ printers, definitions }: Fleet, plan: FleetPlan['watches']): FleetPlan['watches'] {
  const bound = new Set(printers.flatMap(({ triggers }) => triggers.map(({ definitionId }) => definitionId)));
  const listed = new Set(definitions.map(({ id }) => id));
  const isUncertain = ({ id }: { id: string }) => (listed.has(id) ? bound.has(undefined) : bound.has(id));
  return {
    ...plan,
    remove: plan.remove.filter((watch) => !isUncertain(watch)),
    uncertain: plan.remove.filter(isUncertain).map(({ kind, id, name }) => ({ kind, id, name })),
  };
}
