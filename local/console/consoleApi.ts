/**
 * The contract between the server of the console and its page. Types and constants alone: the page is built from this file
 * too. All times are epoch milliseconds. Every call except those for static files carries `Authorization: Bearer <token>`, where
 * the token is that of the address `GET /?token=<token>`. Bodies and answers are JSON.
 *
 * | call                                                | request         | answer                                     |
 * | --------------------------------------------------- | --------------- | ------------------------------------------ |
 * | GET    /api/state                                   |                 | ConsoleSnapshot                            |
 * | GET    /api/stream                                  |                 | text/event-stream, see StreamEvent         |
 * | POST   /api/print                                   | PrintRequest    | PrintAnswer                                |
 * | POST   /api/jobs/{tenantId}/{key}/release, /abort   |                 | 202 {}                                     |
 * | POST   /api/jobs/{tenantId}/{key}/redirect          | RedirectRequest | 202 {}                                     |
 * | POST   /api/events/resend                           | ResendRequest   | 202 {}                                     |
 * | POST   /api/sweep                                   |                 | 202 {}, looks for lost notifications now   |
 * | POST   /api/faults/{name}                           | FaultRequest    | ConsoleFault                               |
 * | DELETE /api/faults/{name}                           |                 | ConsoleFault                               |
 *
 * A refused call is answered with its status and a ConsoleError: 400 for a wrong request, 401 without the token, 403 for a
 * foreign Host or Origin, 404 for what does not exist, 409 for what is not possible now, 502 when the app or the simulator
 * refused or did not answer.
 */

/** An event of `GET /api/stream`: `event: <name>`, `data: <one line of JSON>`. Each replaces what was sent before it. */
export type StreamEvent =
  /** The first event. Replaces everything. */
  | { name: 'snapshot'; data: ConsoleSnapshot }
  /** Replaces the state. */
  | { name: 'state'; data: ConsoleState }
  /** Adds the job, or replaces the one with the same `id`. */
  | { name: 'job'; data: JobStory };

export interface ConsoleSnapshot {
  state: ConsoleState;
  /** The latest KEPT_JOBS jobs, the oldest first. */
  jobs: JobStory[];
}

/** How many jobs the server keeps. The page drops the oldest beyond them. */
export const KEPT_JOBS = 200;
/** How many service steps the server keeps. */
export const KEPT_SERVICE_STEPS = 100;

export interface ConsoleState {
  app: { url: string; state: 'running' | 'restarting' | 'down' };
  customers: ConsoleCustomer[];
  faults: ConsoleFault[];
  /** Steps that belong to no job: a forged notification refused, the app killed and restarted, consent withdrawn, a sweep. Oldest first. */
  service: Step[];
}

export interface ConsoleCustomer {
  tenantId: string;
  name: string;
  consent: 'granted' | 'notGranted' | 'withdrawn';
  printers: ConsolePrinter[];
  watches: ConsoleWatch[];
}

export type Scenario = 'jobStarted' | 'jobFetchable';

export interface ConsolePrinter {
  printerId: string;
  name: string;
  /** `jobStarted`: jobs wait for the app. `jobFetchable`: the app is notified when a job can be downloaded. `none`: no watch. */
  scenario: Scenario | 'none';
}

export interface ConsoleWatch {
  watchId: string;
  scenario: Scenario;
  /** Of the task definition, or of the printer. */
  name: string;
  /** As the command line shows it, such as `live`. */
  status: string;
  /** Of its subscription. Undefined when it has none. */
  expiresAt?: number;
}

export const FAULT_NAMES = ['lose-next', 'repeat-next', 'throttle', 'outage', 'forge', 'no-consent', 'kill'] as const;
export type FaultName = (typeof FAULT_NAMES)[number];

export interface ConsoleFault {
  name: FaultName;
  /** One or two sentences: what happens, and how the app recovers. */
  meaning: string;
  /** False for `forge`, which is over as soon as it has happened. */
  canClear: boolean;
  isSet: boolean;
  /** What is left of it, such as `2 calls left`. Empty when it is not set. */
  state: string;
  /** Which fields of FaultRequest it takes. */
  takes: (keyof FaultRequest)[];
}

export interface FaultRequest {
  /** The customer that it affects. `no-consent` takes the only customer by default. */
  tenantId?: string;
  /** How long an outage lasts, what Retry-After says, or after how long the killed app starts again. */
  seconds?: number;
  /** How many notifications or calls it affects. */
  count?: number;
}

/** In the order in which steps of the same moment are shown. */
export const STEP_KINDS = [
  // The way of a job, with what goes wrong and how the app recovers.
  'printed',
  'lost',
  'swept',
  'notified',
  'retried',
  'acknowledged',
  'duplicate',
  'requested',
  'claimed',
  'read',
  'decided',
  'acted',
  'throttled',
  'unavailable',
  'refused',
  'archived',
  'event',
  'held',
  'deferred',
  'failed',
  // Of the service alone.
  'killed',
  'started',
  'consent',
] as const;
export type StepKind = (typeof STEP_KINDS)[number];

export interface Step {
  at: number;
  kind: StepKind;
  /** One sentence without a full stop. Text from outside is not escaped: show it as text, never as HTML. */
  text: string;
  /** How many more times the same happened directly after it. Absent for none. */
  repeats?: number;
}

export interface JobStory {
  /** Unique among all customers and printers. */
  id: string;
  /** The job id of Universal Print. Unique per printer alone. */
  jobNumber: string;
  tenantId: string;
  customer: string;
  printerId: string;
  printer: string;
  scenario: Scenario | 'none';
  /** Name of the document, and user principal name of the person who printed it. */
  document: string;
  user: string;
  printedAt: number;
  /** By which the calls below /api/jobs name it. Absent while no app has seen the job. */
  key?: string;
  /**
   * `waiting`: the app has still to act. `held`: until it is released, redirected or aborted. `requested`: one of these was
   * requested. `done`: its events are sent. `failed`: the message failed for good. `unwatched`: no notification, no event.
   */
  status: 'waiting' | 'held' | 'requested' | 'done' | 'failed' | 'unwatched';
  /** Of the latest event, such as `released`, `redirected`, `aborted`, `held`, `fetchable` or `archived`. */
  outcome?: string;
  /** In the order of time. */
  steps: Step[];
  /** In the order in which they were sent. */
  events: SentEvent[];
}

/** An event in the queue print-job-events. A repeated one has the same id and is listed once. */
export interface SentEvent {
  id: string;
  type: string;
  /** For ResendRequest: its id without the tenant. */
  key: string;
  /** The whole CloudEvent. */
  body: unknown;
  sentAt: number;
  /** How many more times it was sent. Absent for none. */
  repeats?: number;
}

export interface PrintRequest {
  tenantId: string;
  printerId: string;
  /** User principal name. */
  user?: string;
  document?: string;
  /** 1 to 9999. */
  copies?: number;
  color?: boolean;
  /** A page or a range, such as `2` or `1-3`. */
  pages?: string;
}

export interface PrintAnswer {
  /** `id` of the story that the stream sends. */
  id: string;
  jobNumber: string;
}

export interface RedirectRequest {
  printerId: string;
}

/** Of a SentEvent, which is sent again with the same id. */
export interface ResendRequest {
  tenantId: string;
  key: string;
}

export interface ConsoleError {
  error: { code: string; message: string };
}
