import { parseId } from '../parse';

export type WatchKind = 'jobStarted' | 'jobFetchable';

/** One thing we want to hear of: JobStarted of a task definition, or JobFetchable of a printer. */
export interface WatchKey {
  tenantId: string;
  kind: WatchKind;
  /** The id of the task definition (jobStarted) or of the printer (jobFetchable), lower-cased. */
  id: string;
}

/** RowKey of the watch in the table Subscriptions. */
export function watchRowKey(watch: Pick<WatchKey, 'kind' | 'id'>): string {
  return `${watch.kind}_${watch.id}`;
}

/** The reverse of `watchRowKey`; undefined for anything else. */
export function parseWatchRowKey(rowKey: string): Pick<WatchKey, 'kind' | 'id'> | undefined {
  const cut = rowKey.indexOf('_');
  const kind = rowKey.slice(0, cut);
  const id = parseId(rowKey.slice(cut + 1));
  return (kind === 'jobStarted' || kind === 'jobFetchable') && id !== undefined ? { kind, id } : undefined;
}
