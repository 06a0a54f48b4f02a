import { baseEnvironment } from '../local/processes';
import { BENCH_KEYS_SETTING } from './notifications';

/** The discard port: nothing that is measured with this environment calls Graph, and nothing answers there. */
const NOBODY = 'http://127.0.0.1:9';

/** Any GUID will do: no token is asked for. */
const CLIENT_ID = '7c9f6a52-1d0e-4b7f-9f43-5f0c7c1de001';

/** The environment of a functions host that has storage and no Graph. */
export function benchEnvironment(connectionString: string): Record<string, string> {
  return {
    ...baseEnvironment(),
    FUNCTIONS_WORKER_RUNTIME: 'node',
    AzureWebJobsStorage: connectionString,
    GRAPH_BASE_URL: `${NOBODY}/v1.0`,
    GRAPH_CREDENTIAL: 'development',
    ENTRA_CLIENT_ID: CLIENT_ID,
    CLIENT_STATE_KEYS: BENCH_KEYS_SETTING,
    PUBLIC_BASE_URL: `${NOBODY}/api`,
  };
}
