import { actionOf } from './decide';
import type { RulesDocument } from './document';

/** An application permission of Microsoft Graph that rules need. */
export interface NeededPermission {
  permission: string;
  /** Why, one reason for each part of the document that needs it, such as `rule "big jobs"`. */
  neededFor: readonly string[];
}

const READ = ['PrintJob.ReadBasic.All', 'Printer.Read.All'];
const TASKS = 'PrintTaskDefinition.ReadWrite.All';
const CHANGE = 'PrintJob.ReadWriteBasic.All';
const REDIRECT = 'PrintJob.Manage.All';
const DOCUMENTS = 'PrintJob.Read.All';

/** What receiving and releasing jobs needs, whatever the rules. */
export const OBSERVING: readonly string[] = [...READ, TASKS];
/** What every action of the rules needs beside that. */
export const ACTING: readonly string[] = [CHANGE, REDIRECT, DOCUMENTS];

/**
 * The least application permissions that rules need, each with its reasons (the pages printjob-get, printjob-update,
 * printjob-abort, printjob-redirect, printdocument-get-file and printtaskdefinition-update-task in api/). Reading comes first,
 * because all calls on jobs need it. A redirect takes its configuration with it, so `configure` needs nothing there.
 */
export function neededPermissions({ rules, onFailure, virtualPrinters }: RulesDocument): NeededPermission[] {
  const needed = new Map<string, Set<string>>();
  const need = (permission: string, reason: string) =>
    needed.set(permission, (needed.get(permission) ?? new Set()).add(reason));
  for (const permission of READ) need(permission, 'reading jobs');
  if (rules.some(({ on }) => on === 'jobStarted')) need(TASKS, 'completing tasks');
  for (const rule of rules) {
    const action = actionOf(rule);
    const reason = `rule "${rule.name}"`;
    const aborts = action.kind === 'abort' || (action.kind === 'hold' && action.else === 'abort');
    const changes = 'configure' in action && action.configure !== undefined && action.kind !== 'redirect';
    if (aborts || changes) need(CHANGE, reason);
    if (action.kind === 'redirect') need(REDIRECT, reason);
    if (action.kind === 'archive' || (action.kind === 'hold' && action.document)) need(DOCUMENTS, reason);
  }
  if (onFailure === 'abort') need(CHANGE, 'onFailure');
  // A job on a virtual printer prints only where it is redirected to.
  if (virtualPrinters.length > 0) need(REDIRECT, 'virtualPrinters');
  return [...needed].map(([permission, reasons]) => ({ permission, neededFor: [...reasons] }));
}
