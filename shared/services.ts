import { randomBytes } from 'node:crypto';
import { systemClock } from './clock';
import { once } from './concurrency';
import type { SweepDeps } from './sweep/sweepRun';
import type { AdmitDevice } from './deviceTokens/admitDevice';
import type { TokenDeps } from './deviceTokens/issueToken';
import type { ConfirmConsent } from './consent/confirmConsent';
import { readConfig, readStorageConfig, type Config } from './config';
import type { GraphService, SignInOptions } from './graph/service';
import type { CallGraph } from './graph/client';
import type { Carrier } from './fairness/carryWaiting';
import type { BringBackDeps } from './fairness/bringBack';
import type { PlacesAndTurns } from './fairness/openFairQueues';
import type { ProcessDeps } from './jobs/processNotification';
import type { RulesStore } from './rules/store';
import type { BlobContainer } from './storage/blobs';
import type { SendPatience, MessageQueue } from './storage/queues';
import type { HeldJobsDeps } from './heldJobs/actOnHeldJobs';
import type { Ledger } from './jobs/ledger';
import type { QueueContents } from './storage/queueContents';
import {
  CONTAINER_NAMES,
  isEventsQueue,
  isSignedQueue,
  QUEUE_NAMES,
  TABLE_NAMES,
  type SignedQueue,
} from './storage/account';
import type { AdmitDeps, MessageSigner } from './storage/signedMessages';
import type { DeliverDeps } from './sinks/deliver';
import type { SubscriptionDeps } from './subscriptions/record';
import type { Watches } from './watches/watches';
import type { Tenants } from './tenants/tenants';
import type { ReceiveDependencies } from './webhook/receive';

export type Environment = Readonly<Record<string, string | undefined>>;

/** What functions and CLI work with. Each member is built on first use and rejects with the error that prevented it. */
export interface Services {
  /** @throws ReceiverError `configInvalid` */
  config(): Promise<Config>;
  /** What the webhook needs apart from the logger of its invocation. */
  webhook(): Promise<Omit<ReceiveDependencies, 'logger'>>;
  /** The allow-list of customers. */
  tenants(): Promise<Tenants>;
  /** The watches: what the app wants to be notified about. */
  watches(): Promise<Watches>;
  /** Microsoft Graph for the customers of the table Tenants, and the memory of which tenant it throttles. */
  graph(): Promise<GraphService>;
  /** Confirms what a browser says about a consent. */
  confirmConsent(): Promise<ConfirmConsent>;
  /** What the use cases on subscriptions need apart from the logger of the invocation. */
  subscriptions(): Promise<Omit<SubscriptionDeps, 'logger'>>;
  /** Microsoft Graph as a person of a tenant, who is asked to sign in; for the CLI. @throws ReceiverError `signInFailed` */
  userGraph(tenantId: string, options: SignInOptions): Promise<CallGraph>;
  /** A queue for workers, timers and the CLI, by its name. What it sends to a queue of the app is signed. */
  queue(name: string): Promise<MessageQueue>;
  /** Signs and checks the messages of the queues of the app. */
  signers(): Promise<Record<SignedQueue, MessageSigner>>;
  /** The waiting queue as it is. It opens although settings other than those of storage are wrong. */
  unsignedWaiting(): Promise<MessageQueue>;
  /** The waiting queue for messages of a queue of the app, which it signs. */
  waiting(queue: SignedQueue): Promise<MessageQueue>;
  /** Moves waiting messages to the queues of the app, or events that wait for a sink to theirs. It opens although settings other than those of storage are wrong. */
  bringBack(what: 'messages' | 'events'): Promise<BringBackDeps>;
  /** What delivers events to the sink of the settings, apart from the logger of the invocation. */
  eventDelivery(): Promise<Omit<DeliverDeps, 'logger'>>;
  /** The places of this process, which its tenants share. */
  places(): Promise<PlacesAndTurns>;
  /** Works on what waits, in the places that are free. */
  carrier(): Promise<Carrier>;
  /** What decides whether a message of a queue of the app may be processed, apart from the logger of the invocation. */
  admission(queue: SignedQueue): Promise<Omit<AdmitDeps, 'clock' | 'logger'>>;
  /** What waits in a queue, by its name; for the CLI. */
  queueContents(name: string): Promise<QueueContents>;
  /** The ledger. */
  ledger(): Promise<Ledger>;
  /** What acts on held jobs, apart from the logger of the invocation. */
  heldJobs(): Promise<Omit<HeldJobsDeps, 'logger'>>;
  /** The tokens of devices. */
  deviceTokens(): Promise<TokenDeps>;
  /** Checks the token of a device, with the memory of this process. */
  admitDevice(): Promise<AdmitDevice>;
  /** The blob container of the configuration. The app only reads it; the CLI also writes. */
  configBlobs(): Promise<BlobContainer>;
  /** The rules in force, with the memory of this process. */
  rules(): Promise<RulesStore>;
  /** What the sweep needs apart from the logger of the invocation. */
  sweep(): Promise<Omit<SweepDeps, 'logger'>>;
  /** What the worker needs apart from the logger of its invocation. */
  worker(): Promise<Omit<ProcessDeps, 'logger'>>;
}

/** Two tries stay well inside the 3 seconds that Graph waits (concepts/change-notifications-delivery-webhooks.md). */
const WEBHOOK_PATIENCE: SendPatience = { tries: 2, tryTimeoutMs: 800, pauseMs: 0 };
const WORKER_PATIENCE: SendPatience = { tries: 3, tryTimeoutMs: 10_000, pauseMs: 500 };
/** One try: when it fails the original message stays, and each further try might add a copy. */
const REQUEUE_PATIENCE: SendPatience = { tries: 1, tryTimeoutMs: 10_000, pauseMs: 0 };

let current: { env: Environment; services: Services } | undefined;

/** The services of this process: built once, the only singleton. Never throws; its members reject. */
export function getServices(env: Environment): Services {
  if (current?.env !== env) current = { env, services: createServices(env) };
  return current.services;
}

/** The services of one environment. They share nothing with those of another. */
export function createServices(env: Environment): Services {
  const config = once(() => Promise.resolve(readConfig(env)));
  const openQueue = once(async () => {
    const { openQueues } = await import('./storage/queues');
    const { storage, eventsStorage } = readStorageConfig(env);
    const own = await openQueues(storage);
    const events = eventsStorage === storage ? own : await openQueues(eventsStorage);
    const accountOf = (name: string) => (isEventsQueue(name) ? events : own);
    return {
      queue: (name: string, patience: SendPatience) => accountOf(name).queue(name, patience),
      contents: (name: string) => accountOf(name).contents(name),
    };
  });
  const openTable = once(async () => {
    const { openTables } = await import('./storage/tables');
    return openTables((await config()).storage);
  });
  const graph = once(async () => {
    const settings = await config();
    const { openGraphService } = await import('./graph/service');
    return openGraphService(settings, async (tenantId) => (await (await tenants()).get(tenantId)) !== undefined);
  });
  const tenants = once(async () => {
    const { createTenants } = await import('./tenants/tenants');
    return createTenants((await openTable())(TABLE_NAMES.tenants));
  });
  const watches = once(async () => {
    const { createWatches } = await import('./watches/watches');
    return createWatches((await openTable())(TABLE_NAMES.subscriptions));
  });
  const ledger = once(async () => {
    const { createLedger } = await import('./jobs/ledger');
    return createLedger((await openTable())(TABLE_NAMES.printJobs));
  });
  const deviceTokens = once(async () => {
    const { openDeviceTokens } = await import('./deviceTokens/issueToken');
    const { clientStateKeys } = await config();
    const table = (await openTable())(TABLE_NAMES.deviceTokens);
    return openDeviceTokens({ table, ring: clientStateKeys, clock: systemClock, randomBytes });
  });
  const configBlobs = once(async () => {
    const { storage } = await config();
    const { openBlobs } = await import('./storage/blobs');
    return (await openBlobs(storage))(CONTAINER_NAMES.config);
  });
  const rules = once(async () => {
    const { createRulesStore } = await import('./rules/store');
    return createRulesStore({ blobs: await configBlobs(), clock: systemClock });
  });
  const signers = once(async () => {
    const { clientStateKeys } = await config();
    const { createMessageSigner } = await import('./storage/signedMessages');
    const signerOf = (name: SignedQueue) => createMessageSigner(clientStateKeys, name);
    const { jobs, subscriptions } = QUEUE_NAMES;
    return { [jobs]: signerOf(jobs), [subscriptions]: signerOf(subscriptions) };
  });
  const fairQueues = once(async () => {
    const [queues, { openFairQueues }] = await Promise.all([openQueue(), import('./fairness/openFairQueues')]);
    return openFairQueues(queues, systemClock);
  });
  const queue = async (name: string, patience = WORKER_PATIENCE) => {
    if (!isSignedQueue(name)) return (await openQueue()).queue(name, patience);
    return (await fairQueues()).open(name, (await signers())[name], patience);
  };
  const unsignedWaiting = async () => (await openQueue()).queue(QUEUE_NAMES.waiting, WORKER_PATIENCE);
  const waiting = async (name: SignedQueue) => (await fairQueues()).waiting((await signers())[name], REQUEUE_PATIENCE);
  const places = once(async () => {
    const [{ createPlaces }, { createTurns }, { silence }] = await Promise.all([
      import('./fairness/places'),
      import('./fairness/turns'),
      graph(),
    ]);
    const deps = { silence, clock: systemClock };
    return { places: createPlaces(deps), turns: createTurns(deps) };
  });
  const verifyTokens = once(async () => {
    const { authorityHost, clientId } = await config();
    const { createTokenVerifier } = await import('./webhook/validationTokens');
    return createTokenVerifier({ authorityHost, clientId, fetch, clock: systemClock });
  });
  return {
    config,
    tenants,
    watches,
    graph,
    confirmConsent: once(async () => {
      const { createConfirmConsent } = await import('./consent/confirmConsent');
      return createConfirmConsent({ tenants: await tenants(), tokens: (await graph()).tokens, clock: systemClock });
    }),
    subscriptions: once(async () => ({
      config: await config(),
      tenants: await tenants(),
      watches: await watches(),
      ...(await graph()),
      clock: systemClock,
      random: Math.random,
    })),
    userGraph: async (tenantId, options) =>
      (await import('./graph/service')).openUserGraph(await config(), tenantId, options),
    queue,
    signers,
    unsignedWaiting,
    waiting,
    bringBack: async (what) =>
      (await fairQueues())[what === 'events' ? 'bringBackEvents' : 'bringBack'](REQUEUE_PATIENCE),
    eventDelivery: once(async () => {
      const { openDelivery } = await import('./sinks/openDelivery');
      return openDelivery((await config()).eventSink, await openQueue(), WORKER_PATIENCE);
    }),
    places,
    carrier: once(async () => (await fairQueues()).openCarrier(await places(), REQUEUE_PATIENCE)),
    admission: async (name) => {
      const queues = await openQueue();
      return {
        name,
        signer: (await signers())[name],
        waiting: await unsignedWaiting(),
        poison: queues.queue(`${name}-poison`, WORKER_PATIENCE),
      };
    },
    queueContents: async (name) => (await openQueue()).contents(name),
    ledger,
    heldJobs: once(async () => {
      const { clientStateKeys } = await config();
      const { createContinuationSigner } = await import('./heldJobs/continuation');
      return {
        ledger: await ledger(),
        jobs: await queue(QUEUE_NAMES.jobs),
        continuations: createContinuationSigner(clientStateKeys),
        clock: systemClock,
        randomBytes,
      };
    }),
    deviceTokens,
    admitDevice: once(async () => {
      const { createAdmitDevice } = await import('./deviceTokens/admitDevice');
      return createAdmitDevice(await deviceTokens());
    }),
    configBlobs,
    rules,
    sweep: once(async () => {
      const { createSweepMemory } = await import('./sweep/sweepMemory');
      return {
        graphBaseUrl: (await config()).graphBaseUrl,
        callGraph: (await graph()).callGraph,
        tenants: await tenants(),
        watches: await watches(),
        ledger: await ledger(),
        jobs: await queue(QUEUE_NAMES.jobs),
        memory: createSweepMemory(systemClock),
        clock: systemClock,
        random: Math.random,
        randomBytes,
      };
    }),
    webhook: once(async () => {
      const [settings, { openWebhook }] = await Promise.all([config(), import('./openWebhook')]);
      const [jobs, subscriptions] = await Promise.all([
        queue(QUEUE_NAMES.jobs, WEBHOOK_PATIENCE),
        queue(QUEUE_NAMES.subscriptions, WEBHOOK_PATIENCE),
      ]);
      return openWebhook({
        config: settings,
        queues: { jobs, subscriptions },
        watches,
        verifyTokens,
        clock: systemClock,
      });
    }),
    worker: once(async () => {
      const [opened, { openWorker }] = await Promise.all([graph(), import('./openWorker')]);
      const [jobs, waitingJobs, events, poison, subscriptionEvents] = await Promise.all([
        queue(QUEUE_NAMES.jobs, REQUEUE_PATIENCE),
        waiting(QUEUE_NAMES.jobs),
        queue(QUEUE_NAMES.jobEvents),
        queue(`${QUEUE_NAMES.jobs}-poison`),
        queue(QUEUE_NAMES.subscriptions),
      ]);
      return openWorker({
        ledger: await ledger(),
        tenants: await tenants(),
        watches: await watches(),
        graph: opened,
        places: await places(),
        rules: await rules(),
        queues: { jobs, waiting: waitingJobs, events, poison },
        subscriptionEvents,
        clock: systemClock,
      });
    }),
  };
}
