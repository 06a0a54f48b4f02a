import { isRecord, pickTexts } from '../shared/parse';

/** The user of a job as Graph names it in `createdBy` (resources/useridentity.md). */
export interface JobUser {
  id?: string;
  userPrincipalName?: string;
  displayName?: string;
}

/** The user of a printJob. Undefined where nothing is known, such as for a job that could not be read. */
export function userOfJob(job: unknown): JobUser | undefined {
  const createdBy = isRecord(job) && isRecord(job['createdBy']) ? job['createdBy'] : {};
  const named = Object.entries(pickTexts(createdBy, ['id', 'userPrincipalName', 'displayName']));
  const known = named.filter(([, text]) => text !== '');
  return known.length === 0 ? undefined : Object.fromEntries(known);
}

export function describeUser({ id, userPrincipalName, displayName }: JobUser): string {
  const account = userPrincipalName ?? id;
  return displayName === undefined
    ? (account ?? '')
    : account === undefined
      ? displayName
      : `${displayName} (${account})`;
}
