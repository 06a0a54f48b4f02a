import { hash } from 'node:crypto';

export type WatchKind = 'jobStarted' | 'jobFetchable';

/** One thing we want to hear of: JobStarted of a task definition, or JobFetchable of a printer. */
export interface WatchKey {
  tenantId: string;
  kind: WatchKind;
  /** The id of the task definition (jobStarted) or of the printer (jobFetchable), lower-cased. */
  id: string;
}

/** What ids from outside may hold: it keeps them safe as table keys, and, as dots alone are none, in URLs. */
const ID = /^(?!\.+$)[A-Za-z0-9._-]{1,128}$/;

/** The id lower-cased (Graph compares GUIDs without case), or undefined when it is not one we accept. */
export function parseId(value: unknown): string | undefined {
  return typeof value === 'string' && ID.test(value) ? value.toLowerCase() : undefined;
}

/** A job id: as `parseId`, in the case Graph gave it. */
export function parseJobId(value: unknown): string | undefined {
  return typeof value === 'string' && ID.test(value) ? value : undefined;
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

/** 22 characters of base64url hold 132 bits: names the watch inside a clientState without telling its id. */
const TAG_LENGTH = 22;

/** The short name of a watch inside its clientState. */
export function watchTag(watch: Pick<WatchKey, 'kind' | 'id'>): string {
  return hash('sha256', `${watch.kind}:${watch.id}`, 'base64url').slice(0, TAG_LENGTH);
}
