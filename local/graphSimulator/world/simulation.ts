import type { z } from 'zod';
import type { SignInAnswer, jobUser, outageOrder, printOrder } from '../control/controlTypes';
import type { DeliveryEngine } from '../delivery/engine';
import type { DeliveryItem } from '../delivery/options';
import type { PostToReceiver } from '../delivery/receiver';
import type { CallReport } from '../faults/callReport';
import type { FaultRules } from '../faults/faultRules';
import type { Throttle } from '../graph/throttle';
import type { SeededRandom } from '../seededRandom';
import type { SigningKeys } from '../signIn/keys';
import type { SubscriptionRequest } from '../subscriptions/rules';
import type { Variants } from './variants';

/** What every call works with. */
export interface Simulation {
  world: World;
  faults: FaultRules;
  calls: CallReport;
  throttle: Throttle;
  variants: Variants;
  delivery: DeliveryEngine;
  post: PostToReceiver;
  random: SeededRandom;
  keys: SigningKeys;
  /** Milliseconds of `Date`, which a test may shift at any moment. */
  now: () => number;
  /** App id behind `development.{tenantId}` tokens. */
  appId: string;
  /** Every call of the control API carries it. */
  controlToken: string;
  /** Origins of both servers; filled in once they listen. */
  graphUrl: string;
  authorityUrl: string;
  /** Ends when the simulator closes. */
  closed: AbortSignal;
  /** Restores the initial state, options and variants. */
  reset: () => void;
}

/** Everything the simulated cloud remembers. Times are milliseconds of `Date`. */
export type World = ReturnType<typeof createWorld>;

/** An empty cloud. */
export function createWorld() {
  return {
    tenants: new Map<string, Tenant>(),
    subscriptions: new Map<string, Subscription>(),
    /** The pre-authenticated addresses, by their token. */
    downloads: new Map<string, Download>(),
    /** Jobs that are being prepared for download. */
    transforming: new Set<Job>(),
    /** Sign-ins by device code, by their device_code. */
    deviceCodes: new Map<string, DeviceSignIn>(),
    /** Sign-ins by browser, by their code. */
    authorizationCodes: new Map<string, AuthorizationCode>(),
    /** Notifications that wait for the end of an outage or for a new token of their subscription. */
    waiting: [] as { item: DeliveryItem; since: number }[],
    outage: undefined as z.output<typeof outageOrder> | undefined,
    /** The position of each entry in its list, given when it is first listed. */
    positions: new WeakMap<object, number>(),
    nextPosition: 1,
    /** How many jobs have been printed. */
    printed: 0,
  };
}

/** A sign-in by device code, until the app has fetched its tokens. */
export interface DeviceSignIn {
  deviceCode: string;
  userCode: string;
  tenantId: string;
  clientId: string;
  scopes: string[];
  expiresAt: number;
  /** What the user did; undefined until the code is entered. */
  answer: SignInAnswer | undefined;
}

/** A code between the page and the token endpoint. */
export interface AuthorizationCode {
  tenantId: string;
  clientId: string;
  redirectUri: string;
  scopes: string[];
  nonce: string | null;
  /** PKCE (RFC 7636); null when the app sent none. */
  challenge: { text: string; method: 'S256' | 'plain' } | null;
  isPrinterAdministrator: boolean;
  expiresAt: number;
  isRedeemed: boolean;
}

export interface Tenant {
  id: string;
  name: string;
  /** Application roles the tenant's administrator consented to. */
  roles: Set<string>;
  consentRevoked: boolean;
  /** The number of the first job of each of its printers. */
  firstJobNumber: number;
  printers: Map<string, Printer>;
  /** Virtual printers, whose jobs are released at a member printer (resources/pullprintprinter.md). */
  pullPrintPrinters: Map<string, Printer>;
  shares: Map<string, Share>;
  definitions: Map<string, Definition>;
  /** Registrations of printers (resources/printercreateoperation.md). */
  operations: Map<string, PrinterOperation>;
}

export interface Printer {
  id: string;
  displayName: string;
  manufacturer: string | null;
  model: string | null;
  hasPhysicalDevice: boolean;
  isShared: boolean;
  isAcceptingJobs: boolean | null;
  registeredAt: number;
  /** The properties of a printerLocation that are set. */
  location: Record<string, unknown>;
  trigger?: { id: string; definitionId: string; madeAt?: number };
  jobs: Map<string, Job>;
  nextJobNumber: number;
}

export interface PrinterOperation {
  id: string;
  createdAt: number;
  endsAt: number;
  state: 'running' | 'succeeded' | 'failed';
  /** It joins the printers of the tenant when the operation succeeds. */
  printer: Printer;
}

/** What users print to (resources/printershare.md). */
export interface Share {
  id: string;
  displayName: string;
  printerId: string;
}

/** What a URL of a job names: the printer, or the share that was printed to. */
export interface JobParent {
  collection: 'printers' | 'pullPrintPrinters' | 'shares';
  id: string;
}

export interface Definition {
  id: string;
  displayName: string;
  appId: string;
  createdByDisplayName: string;
  /** When Graph was asked to make it; absent for a definition of the scene. */
  madeAt?: number;
  tasks: Map<string, Task>;
}

export interface Task {
  id: string;
  tenantId: string;
  definitionId: string;
  printerId: string;
  jobId: string;
  parentUrl: string;
  state: 'pending' | 'processing' | 'completed' | 'aborted';
  description: string;
  createdAt: number;
  endedAt?: number;
  /** Reads show it in processing before. */
  endShownAt?: number;
}

/** The user who printed a job, as far as known. */
export type JobUser = z.output<typeof jobUser>;

export interface Job {
  id: string;
  /** Its number among all jobs of all tenants, from 1, in the order in which they were printed. */
  n: number;
  /** What a subscription notified about when it was printed: its task, its document, or nothing. */
  notifies: 'jobStarted' | 'jobFetchable' | 'none';
  tenantId: string;
  printerId: string;
  parent: JobParent;
  createdBy: JobUser;
  createdAt: number;
  /** Reads answer 404 before. */
  visibleAt: number;
  transformMs: number;
  /** Reads show isFetchable false for so long after the job became fetchable. */
  fetchableAfterMs: number;
  fetchableAt?: number;
  state: 'paused' | 'pending' | 'processing' | 'completed' | 'canceled' | 'aborted';
  details: string[];
  isFetchable: boolean;
  isAcquiredByPrinter: boolean;
  acknowledgedAt?: number;
  configuration: Record<string, unknown>;
  documents: PrintDocument[];
  tasks: Task[];
  redirectedTo?: string;
  /** Reads show it paused and without redirectedTo before. */
  redirectShownAt?: number;
  redirectedFrom?: string;
}

type Printed = z.output<typeof printOrder>['documents'][number];
export interface PrintDocument extends Printed {
  id: string;
  /** What its content is made from. */
  seed: string;
  uploadedAt: number;
  downloadedAt?: number;
}

/** A pre-authenticated address of a document. */
export interface Download {
  tenantId: string;
  path: string;
  document: PrintDocument;
  expiresAt: number;
}

export interface Subscription extends SubscriptionRequest {
  id: string;
  tenantId: string;
  appId: string;
  createdAt: number;
  /** When it was last created, renewed or reauthorized: the lifetime of its access token starts here. */
  authorizedAt: number;
  /** When reauthorizationRequired was last sent for it; absent after a renewal. */
  noticedAt?: number;
}

/** The subscriptions that have not expired; expired ones are deleted here (resources/subscription.md). */
export function liveSubscriptions({ world, now }: Pick<Simulation, 'world' | 'now'>): Subscription[] {
  for (const { id, expiresAt } of world.subscriptions.values()) if (expiresAt <= now()) world.subscriptions.delete(id);
  return [...world.subscriptions.values()];
}

/** A printer or pull print printer of a tenant. */
export function findPrinter({ printers, pullPrintPrinters }: Tenant, id = ''): Printer | undefined {
  return printers.get(id) ?? pullPrintPrinters.get(id);
}

/** True while no end state was reported for the task (resources/printtask.md). */
export function isOpen(task: Task): boolean {
  return task.state === 'pending' || task.state === 'processing';
}

/** True when the job has reached one of its end states (resources/printjobstatus.md). */
export function isEnded(job: Job): boolean {
  return job.state === 'completed' || job.state === 'canceled' || job.state === 'aborted';
}
