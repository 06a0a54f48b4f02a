import type { DeliveryItem } from './deliveryTypes';

/** Everything the simulated cloud remembers. Times are milliseconds of `Date`. */
export interface World {
  tenants: Map<string, Tenant>;
  subscriptions: Map<string, Subscription>;
  downloads: Map<string, Download>;
  /** Jobs on their way to fetchable, and fetchable jobs that reads do not show yet. */
  transforming: Set<Job>;
  /** Sign-ins by device code, by their device_code. */
  deviceCodes: Map<string, DeviceSignIn>;
  /** Notifications that wait for the end of an outage or for a new token of their subscription. */
  held: HeldItem[];
  outage: Outage | undefined;
  /** The place of each entry in its list, given when it is first listed. */
  places: WeakMap<object, number>;
  nextPlace: number;
}

/** A sign-in by device code, until the app has fetched its tokens. */
export interface DeviceSignIn {
  deviceCode: string;
  userCode: string;
  tenantId: string;
  clientId: string;
  scopes: string[];
  expiresAt: number;
  /** What the user did; undefined while nobody has entered the code. */
  answer: DeviceAnswer | undefined;
}

/** Who entered the device code, or that the sign-in was declined. */
export type DeviceAnswer = 'printerAdministrator' | 'user' | 'decline';

/** A notification that waits, and since when. */
interface HeldItem {
  item: DeliveryItem;
  since: number;
}

/** A time in which Graph answers nothing. */
export interface Outage {
  answer: 'status503' | 'reset';
  /** Infinity when it lasts until it is ended. */
  until: number;
  /** The sign-in service is out as well. */
  tokens: boolean;
  notifications: 'late' | 'lost' | 'normal';
  retryAfterSeconds?: number;
}

export interface Tenant {
  id: string;
  name: string;
  /** Application roles the tenant's administrator consented to. */
  roles: Set<string>;
  /** The administrator took the consent back. */
  consentRevoked: boolean;
  printers: Map<string, Printer>;
  definitions: Map<string, Definition>;
}

export interface Printer {
  id: string;
  displayName: string;
  trigger?: Trigger;
  jobs: Map<string, Job>;
  nextJobNumber: number;
}

export interface Trigger {
  id: string;
  definitionId: string;
}

export interface Definition {
  id: string;
  displayName: string;
  appId: string;
  createdByDisplayName: string;
  tasks: Map<string, Task>;
}

export type TaskState = 'pending' | 'processing' | 'completed' | 'aborted';

export interface Task {
  id: string;
  tenantId: string;
  definitionId: string;
  triggerId: string;
  printerId: string;
  jobId: string;
  state: TaskState;
  description: string;
  createdAt: number;
  endedAt?: number;
}

type JobState = 'paused' | 'pending' | 'processing' | 'completed' | 'canceled' | 'aborted';

export interface Job {
  id: string;
  tenantId: string;
  printerId: string;
  createdAt: number;
  /** Reads answer 404 before. */
  visibleAt: number;
  transformMs: number;
  /** Reads show isFetchable false for so long after the job became fetchable. */
  fetchableAfterMs: number;
  fetchableAt?: number;
  /** Held by a pull print of Microsoft's own; the control action `release` lets it go. */
  held: boolean;
  state: JobState;
  details: string[];
  isFetchable: boolean;
  isAcquiredByPrinter: boolean;
  acknowledgedAt?: number;
  configuration: Record<string, unknown>;
  documents: PrintDocument[];
  tasks: Task[];
  redirectedTo?: string;
  redirectedFrom?: string;
}

export interface PrintDocument {
  id: string;
  displayName: string;
  contentType: string;
  size: number;
  uploadedAt: number;
  downloadedAt?: number;
}

interface Download {
  document: PrintDocument;
  token: string;
  expiresAt: number;
}

export interface Subscription {
  id: string;
  tenantId: string;
  appId: string;
  resource: string;
  kind: 'jobStarted' | 'jobFetchable';
  /** The definition or printer that is watched. */
  targetId: string;
  changeType: string;
  notificationUrl: string;
  lifecycleNotificationUrl?: string;
  notificationQueryOptions?: string;
  clientState?: string;
  latestSupportedTlsVersion: string;
  expiresAt: number;
  createdAt: number;
  /** When it was created, renewed or reauthorized last: from then on its access token counts. */
  authorizedAt: number;
  /** When it was last told to reauthorize; absent since it did. */
  noticedAt?: number;
}

/** An empty cloud. */
export function createWorld(): World {
  return {
    tenants: new Map(),
    subscriptions: new Map(),
    downloads: new Map(),
    transforming: new Set(),
    deviceCodes: new Map(),
    held: [],
    outage: undefined,
    places: new WeakMap(),
    nextPlace: 1,
  };
}

/** Finds a job whether or not reads show it yet. */
export function findJob(world: World, tenantId: string, printerId: string, jobId: string): Job | undefined {
  return world.tenants.get(tenantId)?.printers.get(printerId)?.jobs.get(jobId);
}

/** True while no end state was reported for the task (resources/printtask.md). */
export function isOpen(task: Task): boolean {
  return task.state === 'pending' || task.state === 'processing';
}

/** True when the job has reached one of its end states (resources/printjobstatus.md). */
export function isEnded(job: Job): boolean {
  return job.state === 'completed' || job.state === 'canceled' || job.state === 'aborted';
}
