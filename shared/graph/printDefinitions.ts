import { isRecord } from '../parse';
import type { CallGraph } from './graphClient';
import { GraphError } from './graphError';
import { readAllPages, type Paging } from './readAllPages';

/** A print task definition of this app (resources/printtaskdefinition.md). */
export interface PrintDefinition {
  id: string;
  displayName: string;
  /** The name of the app that it was created under. */
  appName?: string;
}

/** The least permission of every call on definitions; application only (api/print-post-taskdefinitions.md). */
const DEFINITION_PERMISSION = 'PrintTaskDefinition.ReadWrite.All';

const PATH = '/print/taskDefinitions';

/**
 * POST /print/taskDefinitions.
 *
 * @param names what administrators of the tenant see: the definition's name and the app's
 * @throws GraphError as `callGraph`, and `graphAnswerUnreadable`
 */
export async function createDefinition(
  callGraph: CallGraph,
  tenantId: string,
  names: { displayName: string; appName: string },
): Promise<PrintDefinition> {
  const { body } = await callGraph({
    tenantId,
    method: 'POST',
    path: PATH,
    body: { displayName: names.displayName, createdBy: { displayName: names.appName } },
    permission: DEFINITION_PERMISSION,
  });
  return parseDefinition(body);
}

/** GET /print/taskDefinitions, all pages: Graph shows an app its own definitions only. Rejects as `createDefinition`. */
export async function listDefinitions(paging: Paging, tenantId: string): Promise<PrintDefinition[]> {
  const found: PrintDefinition[] = [];
  const call = { tenantId, path: PATH, permission: DEFINITION_PERMISSION };
  for await (const item of readAllPages(paging, call)) found.push(parseDefinition(item));
  return found;
}

/** DELETE /print/taskDefinitions/{id}. False when there was none. Rejects as `callGraph` otherwise. */
export async function deleteDefinition(callGraph: CallGraph, tenantId: string, id: string): Promise<boolean> {
  try {
    await callGraph({
      tenantId,
      method: 'DELETE',
      path: `${PATH}/${encodeURIComponent(id)}`,
      permission: DEFINITION_PERMISSION,
    });
    return true;
  } catch (error) {
    if (error instanceof GraphError && error.code === 'graphNotFound') return false;
    throw error;
  }
}

function parseDefinition(value: unknown): PrintDefinition {
  const { id, displayName, createdBy } = isRecord(value) ? value : {};
  if (typeof id !== 'string' || id === '') {
    throw new GraphError(
      'graphAnswerUnreadable',
      'Graph answered with a print task definition that has no id',
    );
  }
  const appName = isRecord(createdBy) ? createdBy['displayName'] : undefined;
  return {
    id,
    displayName: typeof displayName === 'string' ? displayName : '',
    ...(typeof appName === 'string' ? { appName } : {}),
  };
}
