import type { CallGraph } from '../shared/graph/client';
import { GraphError } from '../shared/graph/errors';
import { isExplained } from '../shared/graph/refusals';
import type { WatchKey } from '../shared/watches/watches';

/** Statuses with which Graph refuses an id, without a reason of their own. */
const STATUSES: readonly (number | undefined)[] = [400, 403, 404, 410];

function isUnexplained(error: unknown): error is GraphError {
  return error instanceof GraphError && STATUSES.includes(error.status) && !isExplained(error);
}

/** Graph's own words in an error or in its cause, as a line of its own. They are escaped where they are shown. */
export function saidLines(error: unknown): string[] {
  if (!(error instanceof Error)) return [];
  if (error instanceof GraphError && error.said !== undefined) return [`Graph says: ${error.said}`];
  return saidLines(error.cause);
}

/** The same error with the likely causes of an id that Graph refuses. Any other error is returned unchanged. */
export function withLikelyCauses(error: unknown, causes: readonly string[]): unknown {
  if (!isUnexplained(error)) return error;
  const { code, problem, status, said, logFields, remedy } = error;
  const details = causes.map((cause) => `likely cause: ${cause}`);
  return new GraphError(code, problem, { status, said, logFields, remedy, details, cause: error });
}

/** Why Graph may refuse the subscription of a watch. */
function causesOf({ tenantId, kind, id }: WatchKey): string[] {
  if (kind === 'jobStarted') {
    return [
      `${id} is not the id of a definition of this app: definitions list --tenant ${tenantId}`,
      `another app registration created the definition, or it is of another tenant than ${tenantId}`,
      `the permission PrintTaskDefinition.ReadWrite.All is missing: tenants show ${tenantId}`,
    ];
  }
  return [
    ...printerCauses({ tenantId, printerId: id }),
    `the permission Printer.Read.All is missing: tenants show ${tenantId}`,
  ];
}

export function printerCauses({ tenantId, printerId }: { tenantId: string; printerId: string }): string[] {
  return [
    `${printerId} is not the id of a printer, for example the id of its share: triggers list --tenant ${tenantId} shows printers with a trigger, and the Universal Print portal shows all`,
    `the printer is of another tenant than ${tenantId}`,
  ];
}

/**
 * The same calls, and the last refusal among them: a use case stores the message of a refusal in a table and returns that,
 * without Graph's own words.
 *
 * @returns `refusal`: the last refusal, if it has this message
 */
export function rememberRefusal(callGraph: CallGraph): {
  callGraph: CallGraph;
  refusal: (message: string | undefined) => GraphError | undefined;
} {
  let last: GraphError | undefined;
  return {
    callGraph: async (call) => {
      try {
        return await callGraph(call);
      } catch (error) {
        if (error instanceof GraphError) last = error;
        throw error;
      }
    },
    refusal: (message) => (last?.message === message ? last : undefined),
  };
}

/** Graph's words and the likely causes, for a watch whose subscription it refused. */
export function explainRefusal(refusal: GraphError | undefined, key: WatchKey): string[] {
  const causes = isUnexplained(refusal) ? causesOf(key).map((cause) => `  likely cause: ${cause}`) : [];
  return [...saidLines(refusal), ...causes];
}
