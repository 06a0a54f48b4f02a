import type { AppLogLine } from '../../appLog';
import { STEP_KINDS, type JobStory, type SentEvent, type Step } from '../consoleApi';
import { describeCalls, describeDecision, describeDeliveries, describeLogLine, describePrint } from './describeSteps';
import { keysOf, storyId, type JobFacts, type QueuedEvent } from './jobFacts';

/** The host reads a line of the log a moment after the app has written it. */
const LOG_LAG_MS = 150;

/**
 * Every step of a job in the order of time, each as it happened. Steps of the same moment are in the order of STEP_KINDS. The
 * same facts give the same steps, in whichever order they became known.
 */
export function stepsOf(facts: JobFacts): Step[] {
  const log = [...facts.log].sort((a, b) => a.at - b.at);
  const calls = describeCalls(facts.calls);
  const steps = [
    describePrint(facts),
    ...describeDeliveries(facts.deliveries),
    ...calls,
    ...log.flatMap((line) => describeLogLine(line).map((step) => beforeItsCalls(step, calls))),
    ...log.flatMap((line) => decisionOf(line, facts, calls)),
  ];
  const rank = ({ kind }: Step) => STEP_KINDS.indexOf(kind);
  return steps.sort((a, b) => a.at - b.at || rank(a) - rank(b));
}

/** A claim comes before the first call that it allows, although its line is read later. */
function beforeItsCalls(step: Step, calls: readonly Step[]): Step {
  if (step.kind !== 'claimed' && step.kind !== 'swept') return step;
  const first = calls.find(({ at }) => at <= step.at && step.at - at < LOG_LAG_MS);
  return first ? { ...step, at: first.at } : step;
}

/** A decision comes before what it does at Graph. The app logs it only at the end. */
function decisionOf(line: AppLogLine, { log, events }: JobFacts, calls: readonly Step[]): Step[] {
  const eventId = sentEventIdOf(line);
  if (eventId === undefined) return [];
  const step = describeDecision(
    line,
    events.find(({ id }) => id === eventId),
  );
  if (!step) return [];
  const since = Math.max(0, ...log.filter(({ at, event }) => at < line.at && STARTS.has(event)).map(({ at }) => at));
  const acted = calls.find(({ kind, at }) => kind === 'acted' && at >= since - LOG_LAG_MS && at <= line.at);
  return [acted ? { ...step, at: acted.at } : step];
}

const STARTS = new Set(['job.claimed', 'job.wish', 'job.held']);

/** The id of the event whose send this line reports (docs/events.md). Undefined for a line that reports none. */
export function sentEventIdOf({ event, fields }: AppLogLine): string | undefined {
  if (event !== 'job.processed' && (event !== 'job.held' || fields['wasHeld'] === true)) return undefined;
  const key = String(fields['key']).replace(/~end$/, '/end');
  const isEnd = event === 'job.processed' && fields['wasHeld'] === true && !key.endsWith('/end');
  return `${String(fields['tenantId'])}/${key}${isEnd ? '/end' : ''}`;
}

/** Equal steps in a row become one, with how many more there were. */
export function foldSteps(steps: readonly Step[]): Step[] {
  const folded: Step[] = [];
  for (const step of steps) {
    const last = folded.at(-1);
    if (last?.kind === step.kind && last.text === step.text)
      folded[folded.length - 1] = { ...last, repeats: (last.repeats ?? 0) + 1 };
    else folded.push(step);
  }
  return folded;
}

/** The whole story of a job, as the page shows it. */
export function composeStory(facts: JobFacts): JobStory {
  const { job } = facts;
  const log = [...facts.log].sort((a, b) => a.at - b.at);
  const outcome = log.map(outcomeOf).findLast((one) => one !== undefined);
  const known = log.map(({ fields }) => String(fields['key']));
  const key = keysOf(job).find((one) => known.includes(one));
  return {
    id: storyId(job),
    jobNumber: job.jobId,
    tenantId: job.tenantId,
    customer: job.customer,
    printerId: job.printerId,
    printer: job.printer,
    scenario: job.scenario,
    document: job.document,
    user: job.user,
    printedAt: job.printedAt,
    ...(key === undefined ? {} : { key }),
    status: statusOf(job.scenario, log),
    ...(outcome === undefined ? {} : { outcome }),
    steps: foldSteps(stepsOf(facts)),
    events: sentEvents(facts.events),
  };
}

function outcomeOf({ event, fields }: AppLogLine): string | undefined {
  if (event === 'job.held') return 'held';
  return event === 'job.processed' ? String(fields['jobOutcome']) : undefined;
}

function statusOf(scenario: JobStory['scenario'], log: readonly AppLogLine[]): JobStory['status'] {
  let status: JobStory['status'] = scenario === 'none' ? 'unwatched' : 'waiting';
  for (const { event, fields } of log) {
    if (event === 'job.claimed') status = 'waiting';
    else if (event === 'job.held') status = 'held';
    else if (event === 'job.wish' && fields['outcome'] === 'accepted') status = 'requested';
    else if (event === 'job.processed') status = 'done';
    else if (event === 'job.poisoned' || event === 'job.gone' || event === 'job.failed') status = 'failed';
    else if (event === 'job.deferred' && status === 'failed') status = 'waiting';
  }
  return status;
}

function sentEvents(events: readonly QueuedEvent[]): SentEvent[] {
  const byId = new Map<string, SentEvent>();
  for (const { id, type, body, sentAt } of [...events].sort((a, b) => a.sentAt - b.sentAt)) {
    const known = byId.get(id);
    const key = id.slice(id.indexOf('/') + 1);
    byId.set(id, known ? { ...known, repeats: (known.repeats ?? 0) + 1 } : { id, type, key, body, sentAt });
  }
  return [...byId.values()];
}
