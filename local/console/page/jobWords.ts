import type { JobStory, Scenario, Step, StepKind } from '../consoleApi';

/** A tone colors a badge or a step: what is under way, went right, waits for a person, or went wrong. */
export type Tone = 'plain' | 'info' | 'good' | 'held' | 'warn' | 'bad';

interface StepWords {
  readonly label: string;
  readonly tone: Tone;
}

/** How each kind of step is named and colored. */
export const STEP_WORDS: Readonly<Record<StepKind, StepWords>> = {
  printed: { label: 'Printed', tone: 'info' },
  notified: { label: 'Notified', tone: 'info' },
  acknowledged: { label: 'Acknowledged', tone: 'info' },
  claimed: { label: 'Claimed', tone: 'info' },
  read: { label: 'Read', tone: 'info' },
  decided: { label: 'Decided', tone: 'info' },
  acted: { label: 'Acted', tone: 'good' },
  held: { label: 'Held', tone: 'held' },
  requested: { label: 'Requested', tone: 'held' },
  archived: { label: 'Archived', tone: 'good' },
  event: { label: 'Event sent', tone: 'good' },
  duplicate: { label: 'Duplicate', tone: 'plain' },
  lost: { label: 'Lost', tone: 'bad' },
  refused: { label: 'Refused', tone: 'bad' },
  throttled: { label: 'Throttled', tone: 'warn' },
  unavailable: { label: 'Unavailable', tone: 'warn' },
  retried: { label: 'Retried', tone: 'info' },
  deferred: { label: 'Deferred', tone: 'warn' },
  swept: { label: 'Found by sweep', tone: 'good' },
  failed: { label: 'Failed', tone: 'bad' },
  killed: { label: 'Killed', tone: 'bad' },
  started: { label: 'Started', tone: 'good' },
  consent: { label: 'Consent', tone: 'info' },
};

/** The way of a job, and what happens at each step. */
export const WAY: readonly { readonly kind: StepKind; readonly meaning: string }[] = [
  { kind: 'printed', meaning: 'A user prints through Universal Print.' },
  { kind: 'notified', meaning: 'Microsoft Graph posts a change notification to the app.' },
  { kind: 'acknowledged', meaning: 'The app checks its signature, stores it and answers 202.' },
  { kind: 'claimed', meaning: 'A worker claims the job, so that it takes effect once.' },
  { kind: 'read', meaning: 'The worker reads the job from Graph.' },
  { kind: 'decided', meaning: 'The rules of the customer decide what happens to it.' },
  { kind: 'acted', meaning: 'The job is released, redirected, aborted or archived.' },
  { kind: 'event', meaning: 'Your systems receive one event.' },
];

/** What happens next to a job that is not done. Undefined when nothing does. */
export function nextStep({ status, scenario, steps }: JobStory): string | undefined {
  if (status === 'held') return 'Waits until it is released, redirected or aborted';
  if (status === 'requested') return 'The app carries out the request';
  if (status !== 'waiting') return undefined;
  const reached = (kind: StepKind) => steps.some((step) => step.kind === kind);
  const last = WAY.findLastIndex(({ kind }) => reached(kind));
  const next = WAY.slice(last + 1).find(
    ({ kind }) => scenario === 'jobStarted' || (kind !== 'acted' && kind !== 'decided'),
  );
  return next && `Next: ${STEP_WORDS[next.kind].label.toLowerCase()}`;
}

const STATUS_WORDS: Readonly<Record<JobStory['status'], { readonly label: string; readonly tone: Tone }>> = {
  waiting: { label: 'In progress', tone: 'info' },
  held: { label: 'Held', tone: 'held' },
  requested: { label: 'Requested', tone: 'held' },
  done: { label: 'Done', tone: 'good' },
  failed: { label: 'Failed', tone: 'bad' },
  unwatched: { label: 'Not watched', tone: 'plain' },
};

/** Outcomes of which an operator should take a look. The others went as planned. */
const POOR_OUTCOMES: ReadonlySet<string> = new Set(['deadline', 'unreadable', 'archiveFailed']);

/** The word and tone of a job's badge: its outcome when it is done, else its status. */
export function badgeOf({ status, outcome }: JobStory): { readonly label: string; readonly tone: Tone } {
  if (status !== 'done' || outcome === undefined) return STATUS_WORDS[status];
  const spaced = outcome.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
  const label = spaced.charAt(0).toUpperCase() + spaced.slice(1);
  if (POOR_OUTCOMES.has(outcome)) return { label, tone: 'warn' };
  return { label, tone: outcome === 'aborted' ? 'plain' : 'good' };
}

/** The name of a scenario in the documentation. */
export function scenarioName(scenario: Scenario | 'none'): string {
  return { jobStarted: 'JobStarted', jobFetchable: 'JobFetchable', none: 'no watch' }[scenario];
}

/** A step in one line, for screen readers. */
export function spokenStep({ kind, text, repeats = 0 }: Step): string {
  return `${STEP_WORDS[kind].label}: ${text}${repeats > 0 ? `, ${repeats + 1} times` : ''}`;
}
