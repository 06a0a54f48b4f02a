import type { AppLogLine } from '../../appLog';
import type { CallRecord } from '../../graphSimulator/control/controlTypes';
import type { DeliveryAttempt } from '../../graphSimulator/delivery/options';
import type { Step, StepKind } from '../consoleApi';
import { memberOf, type JobFacts, type QueuedEvent } from './jobFacts';

const step = (at: number, kind: StepKind, text: string): Step => ({ at, kind, text });

/** The steps of the POSTs of Graph: the first one of a notification, its repeats, and what the app answered. */
export function describeDeliveries(deliveries: readonly DeliveryAttempt[]): Step[] {
  const first = new Map<string, number>();
  // An attempt is reported when it ends: a duplicate may be answered before the first POST.
  return [...deliveries]
    .sort((a, b) => a.at - b.at)
    .flatMap(({ at, post, attempt, status, answerMs, outcome, items }) => {
      if (outcome === 'lost') return [step(at, 'lost', 'The notification is lost')];
      // A job has one notification for its task, and one for its document.
      const kind = items.some(({ taskId }) => taskId !== undefined) ? 'task' : 'document';
      if (!first.has(kind)) first.set(kind, post);
      const answer =
        status === null ? 'The app does not answer' : `The app answers ${status} after ${Math.round(answerMs)} ms`;
      const answered =
        outcome === 'accepted'
          ? step(at + answerMs, 'acknowledged', answer)
          : step(
              at + answerMs,
              'unavailable',
              `${answer}. Graph ${outcome === 'gaveUp' ? 'gives up' : 'will try again'}`,
            );
      if (attempt > 1) return [step(at, 'retried', `Graph posts the notification again, attempt ${attempt}`), answered];
      if (first.get(kind) === post) return [step(at, 'notified', 'Graph posts the notification'), answered];
      return [step(at, 'duplicate', `Graph posts the same notification again: ${status ?? 'no answer'}`)];
    });
}

/** The steps of the calls that the app made for the job. */
export function describeCalls(calls: readonly CallRecord[]): Step[] {
  let hasFailed = false;
  let hasChanged = false;
  return [...calls]
    .sort((a, b) => a.at - b.at)
    .flatMap((call) => {
      const { at, status, retryAfterMs } = call;
      const [kind, what] = actionOf(call, hasChanged);
      if (status === 0 || status >= 400) {
        hasFailed = true;
        const wait = retryAfterMs === undefined ? '' : `, Retry-After ${Math.round(retryAfterMs / 1000)} s`;
        return [
          step(
            at,
            failureOf(status),
            `Graph ${status === 0 ? 'does not answer' : `answers ${status}`} when the app ${what}${wait}`,
          ),
        ];
      }
      const again = hasFailed ? [step(at, 'retried', 'The app tries again')] : [];
      hasFailed = false;
      hasChanged ||= call.method === 'POST';
      return [...again, step(at, kind, `The app ${what}`)];
    });
}

function failureOf(status: number): StepKind {
  if (status === 429) return 'throttled';
  return status === 0 || status >= 500 ? 'unavailable' : 'refused';
}

function actionOf({ method, path }: CallRecord, hasChanged: boolean): ['read' | 'acted', string] {
  const [place = ''] = path.split('?');
  const isOfTask = /\/tasks\//i.test(place);
  if (method === 'GET') {
    if (isOfTask) return ['read', 'reads the task'];
    if (/\/documents\//i.test(place)) return ['read', 'downloads the document'];
    const expanded = /expand=(\w+)/.exec(path)?.[1];
    return ['read', expanded === undefined ? 'reads the job' : `reads the job with its ${expanded}`];
  }
  if (/\/abort$/i.test(place)) return ['acted', 'aborts the job'];
  if (/\/redirect$/i.test(place)) return ['acted', 'redirects the job to another printer'];
  if (/\/createDownloadSession$/i.test(place)) return ['read', 'asks for the address of the document'];
  if (isOfTask) return ['acted', hasChanged ? 'completes the task' : 'completes the task, which releases the job'];
  return ['acted', 'changes the settings of the job'];
}

const VERBS: Readonly<Record<string, string>> = {
  released: 'release',
  redirected: 'redirect',
  aborted: 'abort',
  held: 'hold',
  archived: 'archive',
};

/** What the app decided and by which rule. Undefined until the event is known, which names the rule. */
export function describeDecision({ at, event, fields }: AppLogLine, sent: QueuedEvent | undefined): Step | undefined {
  const outcome = event === 'job.held' ? 'held' : String(fields['jobOutcome']);
  const verb = VERBS[outcome] ?? outcome;
  switch (fields['decidedBy']) {
    case 'wish':
      return step(at, 'decided', `The request decides: ${verb}`);
    case 'deadline':
      return step(at, 'decided', `The time is up: ${outcome}`);
    case 'inactive':
      return step(at, 'decided', `The customer is not active: ${verb}`);
    case 'rulesUnreadable':
    case 'document':
    case 'unreadable':
      return step(at, 'decided', `The ${String(fields['decidedBy'])} setting of failures decides: ${verb}`);
  }
  if (sent === undefined) return undefined;
  const rule = memberOf(memberOf(sent.body, 'data'), 'rule');
  if (typeof rule === 'string') return step(at, 'decided', `The rule "${rule}" decides: ${verb}`);
  return fields['kind'] === 'jobStarted' ? step(at, 'decided', `No rule applies: ${verb}`) : undefined;
}

/** The step of one line of the log, other than the decision. Undefined for a line that says nothing of its own. */
export function describeLogLine({ at, event, fields }: AppLogLine): Step[] {
  const text = (name: string) => String(fields[name]);
  switch (event) {
    case 'job.claimed':
      return [...foundBy(at, fields['foundBy']), step(at, 'claimed', 'The app claims the job in its ledger')];
    case 'job.held':
      return fields['wasHeld'] === true
        ? [step(at, 'held', `The job stays held until ${text('heldUntil')}`)]
        : [
            step(at, 'event', 'The event print.job.started is sent, outcome held'),
            step(at, 'held', `The job is held until ${text('heldUntil')}`),
          ];
    case 'job.wish':
      return fields['outcome'] === 'accepted'
        ? [step(at, 'requested', `Requested: ${text('action')}`)]
        : [step(at, 'refused', `Requested: ${text('action')}. Refused: ${text('outcome')}`)];
    case 'job.archiving':
      return [step(at, 'requested', 'The documents are archived first')];
    case 'archive.stored':
      return [step(at, 'archived', `The documents are archived: ${text('bytes')} bytes`)];
    case 'job.processed': {
      if (!['done', 'eventRepeated'].includes(text('outcome'))) return [];
      return [step(at, 'event', `The event ${typeOf(fields)} is sent, outcome ${text('jobOutcome')}`)];
    }
    case 'job.duplicate':
      return [step(at, 'duplicate', 'The app drops the duplicate: the job is done')];
    case 'job.deferred':
      if (fields['cause'] === 'busy')
        return [
          step(at, 'duplicate', `The app defers the duplicate for ${text('delaySeconds')} s: the job is in progress`),
        ];
      return [step(at, 'deferred', `The app waits ${text('delaySeconds')} s: ${text('cause')}`)];
    case 'job.dropped':
      return [step(at, 'refused', `The app drops the notification: ${text('reason')}`)];
    case 'job.failed':
    case 'job.poisoned':
    case 'job.gone':
    case 'archive.failed':
      return [step(at, 'failed', withReason(event, fields))];
    case 'job.dependencyUnavailable':
    case 'job.eventPending':
      return [step(at, 'unavailable', `${event}: ${text('code')}`)];
    case 'job.wishRefused':
    case 'job.releaseRefused':
    case 'job.decisionRefused':
    case 'job.taskStaysOpen':
    case 'job.rulesUnreadable':
    case 'job.rulesUnavailable':
    case 'job.unreadable':
      return [step(at, 'refused', withReason(event, fields))];
    default:
      return [];
  }
}

function withReason(event: string, fields: AppLogLine['fields']): string {
  const reason = ['code', 'reason', 'cause', 'problem']
    .map((name) => fields[name])
    .find((one) => typeof one === 'string');
  return reason === undefined ? event : `${event}: ${reason}`;
}

function foundBy(at: number, by: unknown): Step[] {
  if (by === 'sweep') return [step(at, 'swept', 'The sweep finds the job, which has no notification')];
  return by === 'replay' ? [step(at, 'retried', 'A person replays the failed message')] : [];
}

/** The type of the event of a processed job (docs/events.md). */
function typeOf(fields: AppLogLine['fields']): string {
  if (fields['wasHeld'] === true || fields['kind'] === 'jobEnded') return 'print.job.ended';
  return fields['kind'] === 'jobStarted' ? 'print.job.started' : 'print.job.fetchable';
}

/** The first step of a job. */
export function describePrint({ job }: JobFacts): Step {
  return step(job.printedAt, 'printed', `${job.user} prints "${job.document}" on ${job.printer}`);
}
