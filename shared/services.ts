import { randomBytes } from 'node:crypto';
import { openAppQueues, REQUEUE_PATIENCE, WEBHOOK_PATIENCE, type AppQueues } from './appQueues';
import { systemClock } from './clock';
import { once } from './concurrency';
import type { ArchiveDeps } from './archive/archiveDocument';
import type { SweepDeps } from './sweep/sweepRun';
import type { AdmitDevice } from './deviceTokens/admitDevice';
import type { TokenDeps } from './deviceTokens/issueToken';
import type { ConfirmConsent } from './consent/confirmConsent';
import { readConfig, readQueueStorage, type Config, type SignInPlace } from './config';
import type { GraphService } from './graph/service';
import type { CallGraph } from './graph/client';
import type { PlacesAndTurns } from './fairness/openFairQueues';
import type { ProcessDeps } from './jobs/processNotification';
import type { MeasureDeps } from './measurements/measureService';
import type { RulesStore } from './rules/store';
import type { RetentionDeps } from './retention/retentionRun';
import type { BlobContainer } from './storage/blobs';
import type { DocumentContainer } from './storage/documents';
import type { HeldJobsDeps } from './heldJobs/actOnHeldJobs';
import type { Ledger } from './jobs/ledger';
import { CONTAINER_NAMES, QUEUE_NAMES, TABLE_NAMES } from './storage/account';
import type { SubscriptionDeps } from './subscriptions/record';
import type { Watches } from './watches/watches';
import { notMeasured, type Measure } from './telemetry/catalogue';
import { getTelemetry } from './telemetry/telemetry';
import type { Tenants } from './tenants/tenants';
import type { ReceiveDependencies } from './webhook/receive';

export type Environment = Readonly<Record<string, string | undefined>>;

/** What functions and CLI work with. Each member is built on first use and rejects with the error that prevented it. */
export interface Services extends AppQueues {
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
  /** Microsoft Graph as the person who signs in, which gives a token; for the CLI. Needs no settings. */
  userGraph(place: SignInPlace, signIn: () => Promise<string>): Promise<CallGraph>;
  /** The places of this process, which its tenants share. */
  places(): Promise<PlacesAndTurns>;
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
  /** The blob container of archived documents. */
  documents(): Promise<DocumentContainer>;
  /** What measures the service, apart from its stores and the logger of the invocation. */
  measuring(): Promise<Pick<MeasureDeps, 'measure' | 'memory' | 'clock'>>;
  /** What removes old rows and documents, apart from the logger of the invocation. */
  retention(): Promise<Omit<RetentionDeps, 'logger'>>;
  /** What archives documents, apart from the logger of the invocation. */
  archive(): Promise<Omit<ArchiveDeps, 'logger'>>;
  /** What the worker needs apart from the logger of its invocation. */
  worker(): Promise<Omit<ProcessDeps, 'logger'>>;
}

let current: { env: Environment; services: Services } | undefined;

/** The services of this process: built once, the only singleton. Never throws; its members reject. What they do is measured. */
export function getServices(env: Environment): Services {
  if (current?.env !== env) current = { env, services: createServices(env, getTelemetry(env).measure) };
  return current.services;
}

/** The services of one environment. They share nothing with those of another. */
export function createServices(env: Environment, measure: Measure = notMeasured): Services {
  const config = once(() => Promise.resolve(readConfig(env)));
  const openTable = once(async () => {
    const { openTables } = await import('./storage/tables');
    return openTables((await config()).storage);
  });
  const graph = once(async () => {
    const settings = await config();
    const { openGraphService } = await import('./graph/service');
    const isListed = async (tenantId: string) => (await (await tenants()).get(tenantId)) !== undefined;
    return openGraphService(settings, isListed, measure);
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
    const { dataStorage } = await config();
    const { openBlobs } = await import('./storage/blobs');
    return (await openBlobs(dataStorage))(CONTAINER_NAMES.config);
  });
  const documents = once(async () => {
    const { openDocuments } = await import('./storage/documents');
    return openDocuments((await config()).dataStorage);
  });
  const rules = once(async () => {
    const { createRulesStore } = await import('./rules/store');
    return createRulesStore({ blobs: await configBlobs(), clock: systemClock });
  });
  const places = once(async () => {
    const [{ createPlaces }, { createHostPlaces }, { createTurns }, { silence }] = await Promise.all([
      import('./fairness/places'),
      import('./fairness/hostPlaces'),
      import('./fairness/turns'),
      graph(),
    ]);
    const deps = { silence, clock: systemClock };
    const shared = createPlaces(deps);
    const hostPlaces = createHostPlaces({ places: shared, clock: systemClock });
    return { places: shared, hostPlaces, turns: createTurns(deps) };
  });
  const queues = openAppQueues({ config, queueStorage: (owner) => readQueueStorage(env, owner), places });
  const { queue, waiting } = queues;
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
      const [{ createConfirmConsent }, { OBSERVING }] = await Promise.all([
        import('./consent/confirmConsent'),
        import('./rules/neededPermissions'),
      ]);
      const { tokens, callGraph } = await graph();
      const needed = OBSERVING;
      return createConfirmConsent({ tenants: await tenants(), tokens, callGraph, needed, clock: systemClock });
    }),
    subscriptions: once(async () => {
      const { createConflictListings } = await import('./subscriptions/conflictListings');
      return {
        config: await config(),
        tenants: await tenants(),
        watches: await watches(),
        conflicts: createConflictListings(systemClock),
        ...(await graph()),
        clock: systemClock,
        random: Math.random,
      };
    }),
    userGraph: async (place, signIn) => (await import('./graph/service')).openUserGraph(place, await signIn()),
    ...queues,
    places,
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
        clientId: (await config()).clientId,
        callGraph: (await graph()).callGraph,
        callBatch: (await graph()).callBatch,
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
    documents,
    measuring: once(async () => {
      const [{ createActivityMemory }, { createProofMemory }] = await Promise.all([
        import('./measurements/activity'),
        import('./measurements/proof'),
      ]);
      const memory = { activity: createActivityMemory(systemClock), proofs: createProofMemory(systemClock) };
      return { measure, memory, clock: systemClock };
    }),
    retention: once(async () => ({
      tenants: await tenants(),
      ledger: await ledger(),
      documents: await documents(),
      clock: systemClock,
      random: Math.random,
    })),
    archive: once(async () => {
      const { openArchive } = await import('./archive/openArchive');
      const [tenantsTable, watchesTable, jobs, archive, poison] = await Promise.all([
        tenants(),
        watches(),
        queue(QUEUE_NAMES.jobs, REQUEUE_PATIENCE),
        queue(QUEUE_NAMES.archive, REQUEUE_PATIENCE),
        queue(`${QUEUE_NAMES.archive}-poison`),
      ]);
      return openArchive({
        documents: await documents(),
        tenants: tenantsTable,
        watches: watchesTable,
        ledger: await ledger(),
        ...(await graph()),
        queues: { jobs, archive, poison },
        clock: systemClock,
      });
    }),
    worker: once(async () => {
      const [opened, { openWorker }] = await Promise.all([graph(), import('./openWorker')]);
      const [jobs, waitingJobs, events, archive, poison, subscriptionEvents] = await Promise.all([
        queue(QUEUE_NAMES.jobs, REQUEUE_PATIENCE),
        waiting(QUEUE_NAMES.jobs),
        queue(QUEUE_NAMES.jobEvents),
        queue(QUEUE_NAMES.archive),
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
        queues: { jobs, waiting: waitingJobs, events, archive, poison },
        subscriptionEvents,
        clock: systemClock,
      });
    }),
  };
}
