import type { AppLogLine } from '../../appLog';
import type { Activity } from '../../graphSimulator/control/waitForActivity';
import { KEPT_JOBS, KEPT_SERVICE_STEPS, type JobStory, type Step } from '../consoleApi';
import { describeServiceCall, describeServiceLine } from './describeService';
import { keysOf, memberOf, storyId, type JobFacts, type PrintedJob, type QueuedEvent } from './jobFacts';
import { foldSteps, stepsOf, composeStory } from './jobStory';

/** The latest of each list of one job that are kept. A job that waits out a day of outage has more. */
const KEPT_FACTS = 300;
/** Lines and events of jobs that are not known yet: the log may be ahead of the simulator's report. */
const KEPT_UNKNOWN = 500;

export interface TimelineOptions {
  /** A job has changed. */
  onJob?: (id: string) => void;
  /** A step of the service has come. */
  onService?: (step: Step) => void;
}

/**
 * Collects what the simulator, the app and the queue of events report, by job. Keeps the latest KEPT_JOBS jobs and
 * KEPT_SERVICE_STEPS steps of the service.
 */
export interface Timeline {
  addActivity(activity: Activity): void;
  addLog(line: AppLogLine): void;
  /** Messages that it knows already change nothing. */
  addEvents(events: readonly QueuedEvent[]): void;
  /** A step that belongs to no job. */
  addService: (step: Step) => void;
  /** The name of a customer that has printed nothing yet. */
  nameCustomer(tenantId: string, name: string): void;
  /** The latest jobs, the oldest first. */
  stories: () => JobStory[];
  story: (id: string) => JobStory | undefined;
  /** Every step of one job, without folding. */
  steps(id: string): Step[];
  /** The id of the job with this key. */
  idOf(tenantId: string, key: string): string | undefined;
  service: () => Step[];
}

type Collected = {
  -readonly [Name in keyof JobFacts]: JobFacts[Name] extends readonly (infer Item)[] ? Item[] : JobFacts[Name];
};

export function createTimeline({ onJob, onService }: TimelineOptions = {}): Timeline {
  const customers = new Map<string, string>();
  const jobs = new Map<string, Collected>();
  const ids = new Map<string, string>();
  let unknown: AppLogLine[] = [];
  let unknownEvents: QueuedEvent[] = [];
  let service: Step[] = [];

  const add = <Name extends 'deliveries' | 'calls' | 'log' | 'events'>(
    id: string,
    name: Name,
    fact: JobFacts[Name][number],
  ) => {
    const list = jobs.get(id)?.[name] as unknown[] | undefined; // The name decides the type of both.
    if (!list) return false;
    list.push(fact);
    if (list.length > KEPT_FACTS) list.shift();
    onJob?.(id);
    return true;
  };
  const forget = () => {
    for (const [id, { job }] of jobs) {
      if (jobs.size <= KEPT_JOBS) return;
      jobs.delete(id);
      for (const alias of aliasesOf(job)) ids.delete(alias);
    }
  };
  const addService = (step: Step) => {
    service = [...service, step].slice(-KEPT_SERVICE_STEPS);
    onService?.(step);
  };
  const addLog = (line: AppLogLine) => {
    const { tenantId, key } = line.fields;
    if (typeof key !== 'string') {
      const step = describeServiceLine(line, (tenant) => customers.get(tenant) ?? tenant);
      if (step) addService(step);
      return;
    }
    const id = ids.get(`${String(tenantId)} ${key}`);
    if (id === undefined || !add(id, 'log', line)) unknown = [...unknown, line].slice(-KEPT_UNKNOWN);
  };
  const addEvents = (events: readonly QueuedEvent[]) => {
    for (const event of events) {
      const id = idOfEvent(event);
      const known = jobs.get(id)?.events ?? unknownEvents;
      const same = known.findIndex((one) => one.id === event.id && isSameMessage(one, event));
      if (same >= 0) known[same] = { ...event, ...known[same] };
      else if (!add(id, 'events', event)) unknownEvents = [...unknownEvents, event].slice(-KEPT_UNKNOWN);
    }
  };
  const addJob = (listed: Activity['jobs'][number]) => {
    customers.set(listed.tenantId, listed.tenantName);
    const job = printedJob(listed);
    const id = storyId(job);
    if (jobs.has(id)) return;
    jobs.set(id, { job, deliveries: [], calls: [], log: [], events: [] });
    for (const alias of aliasesOf(job)) ids.set(alias, id);
    forget();
    onJob?.(id);
  };

  return {
    addActivity({ jobs: printed, deliveries, calls }) {
      printed.forEach(addJob);
      for (const delivery of deliveries) {
        const mine = delivery.items.map((item) =>
          ids.get(`${item.tenantId} ${item.printerId ?? ''} ${item.jobId ?? ''}`),
        );
        for (const id of new Set(mine)) if (id !== undefined) add(id, 'deliveries', ofJob(delivery, jobs.get(id)?.job));
      }
      for (const call of calls) {
        const id = ids.get(`${call.tenantId ?? ''} ${placeOf(call.path)}`);
        if (id !== undefined) add(id, 'calls', call);
        else {
          const step = describeServiceCall(call);
          if (step) addService(step);
        }
      }
      if (printed.length === 0) return;
      const [lines, events] = [unknown, unknownEvents];
      unknown = [];
      unknownEvents = [];
      lines.forEach(addLog);
      addEvents(events);
    },
    addLog,
    addEvents,
    addService,
    nameCustomer: (tenantId, name) => void customers.set(tenantId, name),
    stories: () => [...jobs.values()].map(composeStory),
    story: (id) => {
      const facts = jobs.get(id);
      return facts && composeStory(facts);
    },
    steps: (id) => {
      const facts = jobs.get(id);
      return facts ? stepsOf(facts) : [];
    },
    idOf: (tenantId, key) => ids.get(`${tenantId} ${key}`),
    service: () => foldSteps(service),
  };
}

function printedJob(listed: Activity['jobs'][number]): PrintedJob {
  const { tenantId, printerId, jobId, createdAt, notifies, createdBy, documents, tasks } = listed;
  const { tenantName: customer, printerName: printer } = listed;
  const [task] = tasks;
  return {
    ...{ tenantId, customer, printerId, printer, jobId, printedAt: createdAt, scenario: notifies },
    ...(task && { taskId: task.id, definitionId: task.definitionId }),
    document: documents[0]?.displayName ?? '',
    user: createdBy.userPrincipalName ?? createdBy.displayName ?? '',
  };
}

/** The names by which reports point to a job: its place, its task, and its keys in the ledger. */
function aliasesOf(job: PrintedJob): string[] {
  const { tenantId, printerId, jobId, taskId } = job;
  const names = [`${printerId} ${jobId}`, ...(taskId === undefined ? [] : [taskId]), ...keysOf(job)];
  return names.map((name) => `${tenantId} ${name}`);
}

/** The job or the task in the path of a call. */
function placeOf(path: string): string {
  const task = /\/tasks\/([^/?]+)/i.exec(path)?.[1];
  if (task !== undefined) return task;
  const [, printer = '', job = ''] = /\/(?:printers|pullPrintPrinters)\/([^/?]+)\/jobs\/([^/?]+)/i.exec(path) ?? [];
  return `${printer} ${job}`;
}

/** The same attempt with the items of one job alone. */
function ofJob(delivery: Activity['deliveries'][number], job: PrintedJob | undefined): Activity['deliveries'][number] {
  return {
    ...delivery,
    items: delivery.items.filter(({ jobId, printerId }) => jobId === job?.jobId && printerId === job?.printerId),
  };
}

/** What the ledger recorded was sent as a message, whichever it was. */
function isSameMessage(one: QueuedEvent, other: QueuedEvent): boolean {
  return one.messageId === undefined || other.messageId === undefined || one.messageId === other.messageId;
}

function idOfEvent({ body }: QueuedEvent): string {
  const data = memberOf(body, 'data');
  const [tenantId, printerId, jobId] = ['tenantId', 'printerId', 'jobId'].map((name) => String(memberOf(data, name)));
  return storyId({ tenantId: tenantId ?? '', printerId: printerId ?? '', jobId: jobId ?? '' });
}
