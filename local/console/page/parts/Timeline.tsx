import type { JobStory, Step } from '../../consoleApi';
import { nextStep, STEP_WORDS, WAY } from '../jobWords';
import { shownOffset } from '../shownTime';
import { Outside } from './text';

/** The steps of a job with the time since it was printed, and what comes next. */
export function Timeline({ job }: { readonly job: JobStory }) {
  const next = nextStep(job);
  return (
    <ol class="timeline" aria-label={`Steps of job ${job.jobNumber}`}>
      {job.steps.map((step) => (
        <li key={`${step.at} ${step.kind} ${step.text}`} class={`step tone-${STEP_WORDS[step.kind].tone}`}>
          <time dateTime={new Date(step.at).toISOString()} title={new Date(step.at).toISOString()}>
            {shownOffset(step.at - job.printedAt)}
          </time>
          <span class="dot" aria-hidden="true" />
          <StepText step={step} />
        </li>
      ))}
      {next === undefined ? null : (
        <li key="next" class={`step next ${job.status === 'held' ? 'still' : ''}`}>
          <span class="time" />
          <span class="dot" aria-hidden="true" />
          <span class="what">{next}</span>
        </li>
      )}
    </ol>
  );
}

/** The label and the sentence of a step, and how often it repeated. */
export function StepText({ step }: { readonly step: Step }) {
  const { kind, text, repeats = 0 } = step;
  return (
    <span class="what">
      <strong>{STEP_WORDS[kind].label}</strong>{' '}
      <span>
        <Outside text={text} />
        {repeats > 0 ? <span class="repeats">{repeats + 1} times</span> : null}
      </span>
    </span>
  );
}

/** The way of every job, in place of a timeline. */
export function WayOfJobs() {
  return (
    <ol class="timeline way" aria-label="The way of a job">
      {WAY.map(({ kind, meaning }, at) => (
        <li key={kind} class="step">
          <span class="time">{at + 1}</span>
          <span class="dot" aria-hidden="true" />
          <span class="what">
            <strong>{STEP_WORDS[kind].label}</strong> <span>{meaning}</span>
          </span>
        </li>
      ))}
    </ol>
  );
}
