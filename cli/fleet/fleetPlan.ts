import type { WatchKind } from '../../shared/watches/watches';

/** A task definition. One without an id is to be made. */
export interface NamedDefinition {
  name: string;
  id?: string;
}

/** A printer in a plan. */
export interface NamedPrinter {
  printerId: string;
  name: string;
}

export interface NewTrigger extends NamedPrinter {
  definition: NamedDefinition;
}
/** A trigger of this app that exists. */
export interface OurTrigger extends NamedPrinter {
  triggerId: string;
  definitionId: string;
}
/** A printer takes one trigger, so the old ones are deleted first. */
export interface ReplacedTrigger extends NewTrigger {
  old: OurTrigger[];
}
/** A trigger that is never changed, on a printer that the document includes. */
export interface ForeignTrigger extends NamedPrinter {
  triggerId: string;
}

/** A watch to add. Of a definition that is to be made it has no id. */
export interface NewWatchOf {
  kind: WatchKind;
  id?: string;
  name: string;
}
export interface OldWatchOf {
  kind: WatchKind;
  id: string;
  name: string;
}

/** What separates a customer from its fleet document. */
export interface FleetPlan {
  /** Names of definitions to make. */
  definitions: string[];
  triggers: {
    create: NewTrigger[];
    replace: ReplacedTrigger[];
    remove: OurTrigger[];
    keep: OurTrigger[];
    /** Of another app. */
    otherApp: ForeignTrigger[];
    /** Graph does not show the definition. */
    unknownOwner: ForeignTrigger[];
  };
  watches: {
    add: NewWatchOf[];
    /** `isGone`: Graph no longer lists its printer or definition. */
    remove: (OldWatchOf & { isGone: boolean })[];
    keep: OldWatchOf[];
    /** No trigger of a known definition of this app needs these, but another trigger may. */
    uncertain: OldWatchOf[];
  };
  /** Pull print printers that the document includes: Graph has neither triggers nor subscriptions for them. */
  pullPrintPrinters: NamedPrinter[];
}

/** Whether nothing is to be changed. A printer whose trigger belongs to another app is not changed either. */
export function isEmptyPlan({ definitions, triggers, watches }: FleetPlan): boolean {
  const { create, replace, remove } = triggers;
  const changes = [definitions, create, replace, remove, watches.add, watches.remove];
  return changes.every((list) => list.length === 0);
}

/** Printers that the document includes for JobStarted and whose jobs do not wait for this app, because of another trigger. */
export function takenPrinters({ triggers }: FleetPlan): ForeignTrigger[] {
  return [...triggers.otherApp, ...triggers.unknownOwner];
}
