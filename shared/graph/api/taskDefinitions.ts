import { isRecord, parseText } from '../../parse';
import { unlessNotFound, type CallGraph } from '../client';
import { unreadableAnswer } from '../errors';
import { readWholeListing, type Paging } from '../paging';

/** A print task definition of this app (resources/printtaskdefinition.md). */
export interface PrintDefinition {
  id: string;
  displayName: string;
  /** The name of the app that it was created under. */
  appName?: string;
}

/** The least permission of every call on definitions. Application only (api/print-post-taskdefinitions.md). */
const PERMISSION = 'PrintTaskDefinition.ReadWrite.All';

const PATH = '/print/taskDefinitions';

/**
 * POST /print/taskDefinitions.
 *
 * @param names what administrators of the tenant see: the name of the definition and of the app
 * @throws GraphError as `callGraph`, and `graphAnswerUnreadable`
 */
export async function createDefinition(
  callGraph: CallGraph,
  tenantId: string,
  names: { displayName: string; appName: string },
): Promise<PrintDefinition> {
  const body = { displayName: names.displayName, createdBy: { displayName: names.appName } };
  const answer = await callGraph({ tenantId, method: 'POST', path: PATH, body, permission: PERMISSION });
  return parseDefinition(answer.body);
}

/** What a listing of definitions needs: paging, and which app is this one. */
export interface DefinitionPaging extends Paging {
  /** ENTRA_CLIENT_ID, lower-cased. */
  clientId: string;
}

/**
 * GET /print/taskDefinitions, all pages: the definitions of this app. By api/print-list-taskdefinitions.md Graph lists those of
 * the requesting app, by resources/printtaskdefinition.md all that exist in Universal Print. One that names another app is
 * therefore left out: its tasks, triggers and jobs are that app's to handle. Rejects as `createDefinition`.
 */
export function listDefinitions(paging: DefinitionPaging, tenantId: string): Promise<PrintDefinition[]> {
  const parse = (item: unknown) => (isOfAnotherApp(item, paging.clientId) ? undefined : parseDefinition(item));
  return readWholeListing(paging, { tenantId, path: PATH, permission: PERMISSION }, parse);
}

/** False for a definition that names no app. */
function isOfAnotherApp(item: unknown, clientId: string): boolean {
  const createdBy = isRecord(item) ? item['createdBy'] : undefined;
  const appId = isRecord(createdBy) ? createdBy['appId'] : undefined;
  return typeof appId === 'string' && appId !== '' && appId.toLowerCase() !== clientId;
}

/** DELETE /print/taskDefinitions/{id}. False for a 404. Rejects as `callGraph` otherwise. */
export async function deleteDefinition(callGraph: CallGraph, tenantId: string, id: string): Promise<boolean> {
  const path = `${PATH}/${encodeURIComponent(id)}`;
  const call = callGraph({ tenantId, method: 'DELETE', path, permission: PERMISSION });
  return (await unlessNotFound(call)) !== undefined;
}

function parseDefinition(value: unknown): PrintDefinition {
  const { id, displayName, createdBy } = isRecord(value) ? value : {};
  if (typeof id !== 'string' || id === '') throw unreadableAnswer('a printTaskDefinition without an id', PATH);
  const appName = isRecord(createdBy) ? createdBy['displayName'] : undefined;
  return { id, displayName: parseText(displayName), ...(typeof appName === 'string' ? { appName } : {}) };
}
