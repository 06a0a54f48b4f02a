import { createServer } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import { createAdvanceWorld } from './advanceWorld';
import { createAuthenticate } from './authenticate';
import { createCallReport } from './callReport';
import { definitionRoutes } from './definitionRoutes';
import { createDeliveryEngine } from './deliveryEngine';
import { defaultDeliveryOptions } from './deliveryOptions';
import { documentRoutes } from './documentRoutes';
import { createFaults } from './faults';
import { createGraphListener } from './graphServer';
import { validateEndpoint } from './handshake';
import { closeServer, listenOnLoopback } from './httpServer';
import { createJobClock } from './jobClock';
import { jobRoutes, userJobRoutes } from './jobRoutes';
import { createPostToReceiver } from './postToReceiver';
import { printerRoutes } from './printerRoutes';
import { createSeededRandom } from './seededRandom';
import { createSigningKeys } from './signingKeys';
import type { Simulation } from './simulation';
import { createSubscriptionRoutes } from './subscriptionRoutes';
import { createTlsCertificate } from './tlsCertificate';
import { createTokenListener } from './tokenServer';
import { createTokenSource } from './tokenSource';
import { defaultVariants } from './variants';
import { createThrottle } from './throttle';
import { createWorld } from './world';

/** The app behind `development.{tenantId}` tokens unless another is chosen. */
export const defaultAppId = '7c9f6a52-1d0e-4b7f-9f43-5f0c7c1de001';

/** How to start; port 0 takes a free one. */
export interface GraphSimulatorOptions {
  port?: number;
  tokenPort?: number;
  seed?: number;
  appId?: string;
  /** The only client secret that is accepted; any non-empty one when absent. */
  clientSecret?: string;
  /** Milliseconds since the epoch; `Date.now` by default, so that a shifted Date is followed. */
  now?: () => number;
}

/** A running simulator. `close` ends servers, timers and files; it may be called twice. */
export interface GraphSimulator {
  graphUrl: string;
  controlUrl: string;
  authorityUrl: string;
  caFile: string;
  appId: string;
  close: () => Promise<void>;
}

/**
 * Starts the simulated Microsoft Graph and its sign-in service on loopback. Rejects with words naming the port when one
 * is taken.
 *
 * @example
 * const simulator = await startGraphSimulator({ seed: 1 });
 * await fetch(`${simulator.graphUrl}/v1.0/subscriptions`, { headers: { authorization: `Bearer development.${tenantId}` } });
 * await simulator.close();
 */
export async function startGraphSimulator(options: GraphSimulatorOptions = {}): Promise<GraphSimulator> {
  const now = options.now ?? (() => Date.now());
  const [keys, certificate] = await Promise.all([createSigningKeys(), createTlsCertificate()]);
  const random = createSeededRandom(options.seed ?? 1);
  const receiver = createPostToReceiver();
  const closing = new AbortController();
  const variants = defaultVariants();
  const world = createWorld();
  const simulation: Simulation = {
    world,
    variants,
    delivery: createDeliveryEngine({
      options: defaultDeliveryOptions(),
      random,
      now,
      post: receiver.post,
      tokensFor: createTokenSource({ keys, now, variants }),
    }),
    post: receiver.post,
    random,
    keys,
    now,
    appId: options.appId ?? defaultAppId,
    graphUrl: '',
    authorityUrl: '',
    closed: closing.signal,
  };
  const faults = createFaults(random);
  const realNow = () => performance.timeOrigin + performance.now();
  const calls = createCallReport({ now, realNow }, () => variants.throttlingClock);
  const throttle = createThrottle(() => (variants.throttlingClock === 'real' ? realNow() : now()), variants);
  const advance = createAdvanceWorld(simulation);
  const jobClock = createJobClock(simulation, advance);
  const validate = (url: string) =>
    validateEndpoint({ post: receiver.post, variants, signal: closing.signal }, url);
  const routes = [
    ...createSubscriptionRoutes(validate),
    ...definitionRoutes,
    ...printerRoutes,
    ...jobRoutes,
    ...userJobRoutes,
    ...documentRoutes,
  ];
  const reset = () => {
    Object.assign(world, createWorld());
    throttle.clear();
    simulation.delivery.reset();
    Object.assign(simulation.delivery.options, defaultDeliveryOptions());
    Object.assign(variants, defaultVariants());
    faults.remove();
    calls.clear();
  };
  const authenticate = createAuthenticate(simulation);
  const deps = { simulation, routes, faults, calls, authenticate, throttle, reset };
  const graphServer = createServer(createGraphListener(deps, advance, jobClock.look));
  const tokenServer = createSecureServer(
    { key: certificate.key, cert: certificate.cert },
    createTokenListener(deps, {
      ...(options.clientSecret === undefined ? {} : { clientSecret: options.clientSecret }),
    }),
  );

  let closed: Promise<void> | undefined;
  const close = () => {
    closed ??= (async () => {
      closing.abort();
      jobClock.stop();
      simulation.delivery.reset();
      receiver.close();
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
  return {
    graphUrl: simulation.graphUrl,
    controlUrl: `${simulation.graphUrl}/control`,
    authorityUrl: simulation.authorityUrl,
    caFile: certificate.caFile,
    appId: simulation.appId,
    close,
  };
}
