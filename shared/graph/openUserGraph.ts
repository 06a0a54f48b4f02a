import { systemClock } from '../clock';
import type { Config } from '../config';
import { createGraphClient } from './createGraphClient';
import type { CallGraph } from './graphClient';
import { GraphError } from './graphError';
import { createSendHttp } from './sendHttp';
import { createSignIn, type SignInOptions } from './signIn';
import { createThrottle } from './throttle';

/**
 * Graph as a person of one tenant, who is asked to sign in before this resolves. The token lives for about an hour and
 * is kept in memory only.
 *
 * @throws ReceiverError `signInFailed`
 */
export async function openUserGraph(
  config: Config,
  tenantId: string,
  options: SignInOptions,
): Promise<CallGraph> {
  const token = await createSignIn(config, options)(tenantId);
  const callGraph = createGraphClient({
    baseUrl: config.graphBaseUrl,
    sendHttp: createSendHttp(),
    getToken: () => Promise.resolve(token),
    throttle: createThrottle(systemClock),
    clock: systemClock,
    random: Math.random,
  });
  return asAdministrator(callGraph);
}

/** The same calls; a refusal says what a signed-in person lacks, where `callGraph` would speak of the app. */
export function asAdministrator(callGraph: CallGraph): CallGraph {
  return async (call) => {
    try {
      return await callGraph(call);
    } catch (error) {
      if (!(error instanceof GraphError) || (error.status !== 401 && error.status !== 403)) throw error;
      throw new GraphError(
        error.code,
        `Graph refused ${call.method} ${call.path.split('?')[0] ?? ''} with ${error.status}: sign in as a Printer Administrator of this tenant, have the delegated permission ${call.permission} consented to, and use the app that made the definition`,
        { status: error.status, cause: error },
      );
    }
  };
}
