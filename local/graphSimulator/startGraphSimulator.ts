import { randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import { createDeliveryEngine } from './delivery/engine';
import { deliveryOptionsSchema } from './delivery/options';
import { postToReceiver } from './delivery/receiver';
import { createCallReport } from './faults/callReport';
import { createFaultRules } from './faults/faultRules';
import { createSocketLooks } from './faults/socketLooks';
import { createGraphListener } from './graph/graphServer';
import { createThrottle } from './graph/throttle';
import { closeServer, listenOnLoopback } from './http/server';
import { createSeededRandom } from './seededRandom';
import { createAuthorityListener } from './signIn/authority';
import { createSigningKeys, createTlsCertificate, makeValidationTokens } from './signIn/keys';
import { startPassingTime } from './world/passingTime';
import { createWorld, type Simulation } from './world/simulation';
import { variantsSchema } from './world/variants';

/** The app behind `development.{tenantId}` tokens. */
export const defaultAppId = '7c9f6a52-1d0e-4b7f-9f43-5f0c7c1de001';

/** How to start; port 0 takes a free one. */
export interface GraphSimulatorOptions {
  port?: number;
  tokenPort?: number;
  seed?: number;
  /** Of the control API. A random one by default. */
  controlToken?: string;
  /** Milliseconds since the epoch; `Date.now` by default, so that a shifted Date is followed. */
  now?: () => number;
}

/**
 * Starts the simulated Microsoft Graph and its sign-in service on loopback. Rejects with the name of the
 * port when one is taken. `close` ends servers, timers and files, and may be called twice.
 *
 * @example
 * const simulator = await startGraphSimulator({ seed: 1 });
 * await fetch(`${simulator.graphUrl}/v1.0/subscriptions`, { headers: { authorization: `Bearer development.${tenantId}` } });
 * await simulator.close();
 */
export async function startGraphSimulator(options: GraphSimulatorOptions = {}) {
  const now = options.now ?? (() => Date.now());
  const [keys, certificate] = await Promise.all([createSigningKeys(), createTlsCertificate()]);
  const random = createSeededRandom(options.seed ?? 1);
  const closing = new AbortController();
  const variants = variantsSchema.parse({});
  const realNow = () => performance.timeOrigin + performance.now();
  const waitNow = () => (variants.throttlingClock === 'real' ? realNow() : now());
  const looks = createSocketLooks(waitNow);
  const delivery = createDeliveryEngine({
    options: deliveryOptionsSchema.parse({}),
    random,
    now,
    post: postToReceiver,
    tokensFor: (items) => makeValidationTokens(keys, variants.validationTokens, now(), items),
  });
  const simulation: Simulation = {
    world: createWorld(),
    variants,
    faults: createFaultRules(random),
    calls: createCallReport({ now, waitNow, looks }),
    throttle: createThrottle(waitNow, () => variants.delegatedCallsIn10s),
    delivery,
    post: postToReceiver,
    random,
    keys,
    now,
    appId: defaultAppId,
    controlToken: options.controlToken ?? randomBytes(32).toString('base64url'),
    graphUrl: '',
    authorityUrl: '',
    closed: closing.signal,
    reset: () => {
      Object.assign(simulation.world, createWorld());
      Object.assign(delivery.options, deliveryOptionsSchema.parse({}));
      Object.assign(variants, variantsSchema.parse({}));
      delivery.reset();
      for (const { clear } of [simulation.throttle, simulation.faults, simulation.calls]) clear();
    },
  };
  const graphServer = createServer(createGraphListener(simulation, startPassingTime(simulation)));
  const tokenServer = createSecureServer(certificate, createAuthorityListener(simulation));

  let closed: Promise<void> | undefined;
  const close = () => {
    closed ??= (async () => {
      closing.abort();
      looks.stop();
      delivery.reset();
      await Promise.all([closeServer(graphServer), closeServer(tokenServer), certificate.remove()]);
    })();
    return closed;
  };
  try {
    const port = await listenOnLoopback(graphServer, options.port ?? 0, '--port');
    simulation.graphUrl = `http://127.0.0.1:${String(port)}`;
    const tokenPort = await listenOnLoopback(tokenServer, options.tokenPort ?? 0, '--token-port');
    simulation.authorityUrl = `https://localhost:${String(tokenPort)}`;
  } catch (error) {
    await close();
    throw error;
  }
  const { graphUrl, authorityUrl, appId, controlToken } = simulation;
  const { caFile } = certificate;
  return { graphUrl, controlUrl: `${graphUrl}/control`, controlToken, authorityUrl, caFile, appId, close };
}
