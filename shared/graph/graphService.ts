import { systemClock } from '../clock';
import type { Config } from '../config';
import { createGraphBatch, type CallGraphBatch } from './createGraphBatch';
import { createGraphClient } from './createGraphClient';
import type { CallGraph } from './graphClient';
import { rememberTokenRefusals } from './rememberTokenRefusals';
import { createSendHttp } from './sendHttp';
import { shareTokenRequests } from './shareTokenRequests';
import { createSilence, type Silence } from './silence';
import { createThrottle, type Throttle } from './throttle';
import { createGetToken } from './tokens';

export interface GraphService {
  callGraph: CallGraph;
  /** The same, up to 20 PATCH and DELETE in one request. */
  callBatch: CallGraphBatch;
  /** Which tenant Graph wants to hear nothing of. */
  throttle: Throttle;
  /** Which tenant Graph does not answer. */
  silence: Pick<Silence, 'isSilent'>;
}

/** Opens Graph for one process: tokens, connections, throttling and silence are shared by all its calls. */
export function openGraphService(config: Config): GraphService {
  const throttle = createThrottle(systemClock);
  const silence = createSilence();
  const callGraph = createGraphClient({
    baseUrl: config.graphBaseUrl,
    sendHttp: createSendHttp(),
    getToken: shareTokenRequests(rememberTokenRefusals(createGetToken(config), systemClock)),
    throttle,
    silence,
    clock: systemClock,
    random: Math.random,
  });
  const callBatch = createGraphBatch({ callGraph, throttle, clock: systemClock, random: Math.random });
  return { callGraph, callBatch, throttle, silence };
}
