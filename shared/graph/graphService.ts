import { systemClock } from '../clock';
import type { Config } from '../config';
import type { Logger } from '../logger';
import { createGraphClient } from './createGraphClient';
import type { CallGraph } from './graphClient';
import { createSendHttp } from './sendHttp';
import { createThrottle } from './throttle';
import { createGetToken } from './tokens';

/** Opens Graph for one process: each logger gets a client of its own, all share tokens, connections and throttling. */
export function openGraphService(config: Config): (logger: Logger) => CallGraph {
  const parts = {
    baseUrl: config.graphBaseUrl,
    sendHttp: createSendHttp(),
    getToken: createGetToken(config),
    throttle: createThrottle(systemClock),
    clock: systemClock,
    random: Math.random,
  };
  return (logger) => createGraphClient({ ...parts, logger });
}
