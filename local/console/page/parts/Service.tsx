import type { Step } from '../../consoleApi';
import { STEP_WORDS } from '../jobWords';
import { shownClock } from '../shownTime';
import { StepText } from './Timeline';

/** Steps that belong to no job, the newest first. */
export function Service({ steps }: { readonly steps: readonly Step[] }) {
  return (
    <section class="panel service" aria-labelledby="service-title">
      <h2 id="service-title">Service</h2>
      {steps.length === 0 ? (
        <p class="empty">Forged notifications, restarts, consent and sweeps appear here.</p>
      ) : (
        <ol tabIndex={0} aria-labelledby="service-title">
          {[...steps].reverse().map((step, at) => (
            <li key={steps.length - at} class={`step tone-${STEP_WORDS[step.kind].tone}`}>
              <time dateTime={new Date(step.at).toISOString()}>{shownClock(step.at)}</time>
              <span class="dot" aria-hidden="true" />
              <StepText step={step} />
            </li>
          ))}
        </ol>
      )}
    </section>
  );
}
