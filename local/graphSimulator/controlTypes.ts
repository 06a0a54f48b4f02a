/** JSON shapes of the control API that both its routes and controlClient.ts use. Times in milliseconds. */
export type FaultAction =
  | {
      type: 'status';
      status: number;
      retryAfterSeconds?: number;
      /** With it Retry-After lies anywhere between retryAfterSeconds and this, by the seed. */
      retryAfterMaxSeconds?: number;
      code?: string;
      applyEffect?: boolean;
    }
  | { type: 'reset'; applyEffect?: boolean }
  | { type: 'hang'; ms: number; applyEffect?: boolean }
  | { type: 'delay'; ms: number };

/** Which calls go wrong and how. The first matching rule that still has a count acts. */
export interface FaultRule {
  id?: string;
  /** `graph` by default. */
  target?: 'graph' | 'token';
  method?: string;
  /** Regular expression, tried on path and query. */
  pathPattern?: string;
  tenantId?: string;
  /** Matching calls let through first. */
  after?: number;
  /** How often the rule acts; 1 by default, -1 for always. */
  count?: number;
  /** Share of matching calls on which it acts. */
  rate?: number;
  action: FaultAction;
}

/** A rule with what it has done so far. */
export interface FaultState extends FaultRule {
  id: string;
  matched: number;
  acted: number;
}

/** One recorded call. `startedAt` and `answeredAt` are real time since the epoch, whatever `Date` says. */
export interface CallRecord {
  n: number;
  target: 'graph' | 'token' | 'download';
  at: number;
  method: string;
  path: string;
  route: string;
  tenantId?: string;
  appId?: string;
  /** 0 when no answer was sent. */
  status: number;
  retryAfterMs?: number;
  startedAt: number;
  answeredAt?: number;
  connectionId: number;
  userAgent?: string;
  /** Tells bodies of POST calls apart. */
  bodyDigest?: string;
  /** `n` of the $batch call it was part of. */
  batch?: number;
  /** The fault rule that acted on it. */
  fault?: string;
}

/** A call that did not respect a Retry-After. */
export interface Violation {
  kind: 'repeatedTooEarly' | 'startedWhileThrottled';
  call: CallRecord;
  throttledBy: CallRecord;
  /** How long before the end of Retry-After the call started. */
  earlyByMs: number;
}

/** One printed job. */
export interface PrintedJob {
  jobId: string;
  printerId: string;
  taskId?: string;
  definitionId?: string;
}

/** What to print. */
export interface PrintOrder {
  printerId: string;
  count?: number;
  documents?: { displayName?: string; contentType?: string; size?: number }[];
  /** Reads answer 404 so long after printing. */
  visibleAfterMs?: number;
  /** From released to fetchable, when the notification goes out. */
  transformMs?: number;
  /** From the notification until reads show isFetchable true. */
  fetchableAfterMs?: number;
  /** The job waits for the control action `release` whatever its tasks say. */
  hold?: boolean;
}

/** Everything the simulator holds, for assertions. */
export interface SimulatorState {
  appId: string;
  tenants: TenantState[];
  subscriptions: SubscriptionState[];
}

interface TenantState {
  tenantId: string;
  name: string;
  roles: string[];
  consentRevoked: boolean;
  printers: { id: string; displayName: string; trigger?: { id: string; definitionId: string } }[];
  definitions: { id: string; displayName: string; appId: string }[];
  jobs: JobStateView[];
}

export interface JobStateView {
  jobId: string;
  printerId: string;
  state: string;
  details: string[];
  isFetchable: boolean;
  isAcquiredByPrinter: boolean;
  createdAt: number;
  configuration: Record<string, unknown>;
  tasks: {
    id: string;
    definitionId: string;
    state: string;
    description: string;
    createdAt: number;
    endedAt?: number;
  }[];
  redirectedTo?: string;
  redirectedFrom?: string;
}

export interface SubscriptionState {
  id: string;
  tenantId: string;
  appId: string;
  resource: string;
  changeType: string;
  notificationUrl: string;
  lifecycleNotificationUrl?: string;
  notificationQueryOptions?: string;
  clientState?: string;
  expiresAt: number;
  createdAt: number;
}

/** A job that reads show at this moment. */
export interface ListedJob extends JobStateView {
  tenantId: string;
}

/** A task without an end state. */
export interface OpenTask {
  tenantId: string;
  definitionId: string;
  taskId: string;
  printerId: string;
  jobId: string;
  state: string;
  createdAt: number;
  ageMinutes: number;
}

/** Graph being out, as set; `until` is absent when it lasts until it is ended. */
export interface OutageOrder {
  /** `status503` unless told. */
  answer?: 'status503' | 'reset';
  /** Of `Date`; until `endOutage` when absent. */
  minutes?: number;
  /** The sign-in service is out as well; false unless told. */
  tokens?: boolean;
  /** `late` unless told: they go out after the end, those younger than 4 hours. */
  notifications?: 'late' | 'lost' | 'normal';
  retryAfterSeconds?: number;
}

/** A sign-in by device code. */
export interface DeviceCodeState {
  userCode: string;
  tenantId: string;
  clientId: string;
  scopes: string[];
  expiresAt: number;
  answer?: 'printerAdministrator' | 'user' | 'decline';
}

/** How much the simulator remembers. */
export interface MemoryCounts {
  jobs: number;
  tasks: number;
  subscriptions: number;
  downloads: number;
  deviceCodes: number;
  held: number;
  calls: number;
  deliveries: number;
}
