import type { Step } from '../../consoleApi';
import type { ConsoleClient } from '../consoleClient';
import { useAction } from '../hooks';
import { STEP_WORDS } from '../jobWords';
import { shownClock } from '../shownTime';
import { ActionError } from './text';
import { StepText } from './Timeline';

interface ServiceProps {
  readonly steps: readonly Step[];
  readonly client: ConsoleClient;
}

/** Steps that belong to no job, the newest first. */
export function Service({ steps, client }: ServiceProps) {
  const sweep = useAction(() => client.sweep());
  return (
    <section class="panel service" aria-labelledby="service-title">
      <h2 id="service-title">Service</h2>
      <button
        type="button"
        aria-disabled={sweep.isBusy}
        title="Look for jobs without a notification, as the timer does every ten minutes"
        onClick={() => void sweep.run()}
      >
        Sweep now
      </button>
      <ActionError text={sweep.error} />
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
