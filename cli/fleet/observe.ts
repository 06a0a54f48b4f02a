import { eachBounded } from '../../shared/concurrency';
import { GraphError } from '../../shared/graph/errors';
import type { Paging } from '../../shared/graph/paging';
import { listPrinters, type ListedPrinter } from '../../shared/graph/api/printers';
import { listPullPrintPrinters, type PullPrintPrinter } from '../../shared/graph/api/pullPrintPrinters';
import { listDefinitions, type DefinitionPaging } from '../../shared/graph/api/taskDefinitions';
import { listTriggers, type PrintTrigger } from '../../shared/graph/api/taskTriggers';
import { repeatWhileNew, SETTLES_MS, type WaitDeps } from './settling';
import { hasSubscription, type Watch, type WatchKind, type Watches } from '../../shared/watches/watches';

/** A printer and its triggers. Graph allows one (api/printer-post-tasktriggers.md). */
export interface FleetPrinter extends ListedPrinter {
  triggers: readonly PrintTrigger[];
}

/** A watch of the customer, as far as a plan depends on it. */
export interface FleetWatch {
  kind: WatchKind;
  id: string;
  name: string;
  /** It is wanted, and Graph has a subscription for it that has not expired. */
  isLive: boolean;
  /** False while the app removes it. */
  isWanted: boolean;
}

/** What a customer has now. Ids are lower-cased. */
export interface Fleet {
  printers: readonly FleetPrinter[];
  /** The definitions of this app. */
  definitions: readonly { id: string; name: string }[];
  watches: readonly FleetWatch[];
  /** Undefined where the app may not read them. */
  pullPrintPrinters: readonly Pick<PullPrintPrinter, 'id' | 'displayName'>[] | undefined;
}

export interface ObserveDeps extends WaitDeps {
  /** Graph as the app. */
  app: DefinitionPaging;
  /** Graph as the signed-in Printer Administrator. */
  administrator: Paging;
  watches: Pick<Watches, 'list'>;
  /** A row that cannot be read. */
  onUnreadable: (error: Error) => void;
  /** Printers whose triggers have been read, and how many there are. */
  onProgress: (read: number, printers: number) => void;
}

/** Graph publishes no limit for print. A 429 pauses all calls. */
const PRINTERS_AT_ONCE = 8;

/**
 * Reads what a customer has now: one listing of printers, then one call for the triggers of each.
 *
 * @param triggers false saves the calls for triggers, where nothing depends on them
 * @throws GraphError as the listings
 */
export async function observeFleet(
  deps: ObserveDeps,
  tenantId: string,
  { triggers }: { triggers: boolean },
): Promise<Fleet> {
  const { app, administrator } = deps;
  const printers = triggers
    ? await readPrinters(deps, tenantId)
    : (await listPrinters(administrator, tenantId)).map((printer) => ({ ...printer, triggers: [] }));
  return {
    printers,
    definitions: await readDefinitions(app, tenantId),
    watches: await readWatches(deps, tenantId),
    pullPrintPrinters: await readPullPrintPrinters(app, tenantId),
  };
}

/** The printers of a customer with their triggers. One that is deleted in the meantime is missing. */
export async function readPrinters(
  deps: WaitDeps & Pick<ObserveDeps, 'administrator' | 'onProgress'>,
  tenantId: string,
): Promise<FleetPrinter[]> {
  const { administrator, onProgress } = deps;
  const listed = await listPrinters(administrator, tenantId);
  const found = new Map<string, readonly PrintTrigger[]>();
  let read = 0;
  await eachBounded(PRINTERS_AT_ONCE, listed, async (printer) => {
    const { id } = printer;
    const isNew = { object: 'printer', settlesAt: printerSettlesAt(printer) };
    const ofPrinter = await unlessGone(repeatWhileNew(deps, isNew, () => listTriggers(administrator, tenantId, id)));
    if (ofPrinter) found.set(id, ofPrinter);
    onProgress((read += 1), listed.length);
  });
  return listed.flatMap((printer) => {
    const triggers = found.get(printer.id);
    return triggers ? [{ ...printer, triggers }] : [];
  });
}

/** Until when Graph may not know each of these printers everywhere, by id. */
export function settlingOf(printers: readonly ListedPrinter[]): (id: string) => number {
  const ends = new Map(printers.map((printer) => [printer.id, printerSettlesAt(printer)]));
  return (id) => ends.get(id) ?? -Infinity;
}

/** In milliseconds since 1970. */
function printerSettlesAt({ registeredAt }: Pick<ListedPrinter, 'registeredAt'>): number {
  const at = Date.parse(registeredAt ?? '');
  return Number.isNaN(at) ? -Infinity : at + SETTLES_MS;
}

/** The definitions of this app. */
export async function readDefinitions(
  app: DefinitionPaging,
  tenantId: string,
): Promise<{ id: string; name: string }[]> {
  const listed = await listDefinitions(app, tenantId);
  return listed.map(({ id, displayName }) => ({ id: id.toLowerCase(), name: displayName }));
}

/** Whether Graph notifies the app of this watch at `now`. */
export function isLive(watch: Watch, now: number): boolean {
  return watch.wanted && hasSubscription(watch) && Date.parse(watch.expirationDateTime) > now;
}

async function readWatches({ watches, clock, onUnreadable }: ObserveDeps, tenantId: string): Promise<FleetWatch[]> {
  const found: FleetWatch[] = [];
  for await (const { watch } of watches.list(tenantId, onUnreadable)) {
    const { kind, id, name = '', wanted } = watch;
    found.push({ kind, id, name, isWanted: wanted, isLive: isLive(watch, clock.now()) });
  }
  return found;
}

/** The permission is optional: without it, Graph answers 403. */
export async function readPullPrintPrinters(app: Paging, tenantId: string): Promise<PullPrintPrinter[] | undefined> {
  try {
    return await listPullPrintPrinters(app, tenantId);
  } catch (error) {
    if (error instanceof GraphError && !error.retryable) return undefined;
    throw error;
  }
}

/** What a call gives, or undefined for a 404: a printer may be deleted while the others are read. */
export async function unlessGone<T>(reading: Promise<T>): Promise<T | undefined> {
  try {
    return await reading;
  } catch (error) {
    if (error instanceof GraphError && error.code === 'graphNotFound') return undefined;
    throw error;
  }
}
