import { useEffect, useRef, useState } from 'preact/hooks';
import type { JobStory, Step } from '../../consoleApi';
import { spokenStep } from '../jobWords';
import { shownText } from '../shownText';

interface AnnouncerProps {
  readonly job: JobStory | undefined;
  readonly service: readonly Step[] | undefined;
}

/** Announces the new steps of the selected job and of the service to screen readers. */
export function Announcer({ job, service }: AnnouncerProps) {
  const [text, setText] = useState('');
  const before = useRef<{ readonly id: string | undefined; readonly steps: number; readonly service: number }>(
    undefined,
  );
  useEffect(() => {
    if (service === undefined) return;
    const last = before.current;
    before.current = { id: job?.id, steps: job?.steps.length ?? 0, service: service.at(-1)?.at ?? 0 };
    if (last === undefined) return;
    // The steps of a job that was selected just now are read by who selected it, except those of a new job.
    const isOther = last.id !== job?.id && (job?.steps.length ?? 0) > 1;
    const steps = isOther ? [] : (job?.steps.slice(last.id === job?.id ? last.steps : 0) ?? []);
    const said = [
      ...steps.map((step) => `Job ${job?.jobNumber ?? ''}. ${spokenStep(step)}`),
      ...service.filter(({ at }) => at > last.service).map(spokenStep),
    ];
    if (said.length > 0) setText(said.map(shownText).join('. '));
  }, [job, service]);
  return (
    <p class="unseen" role="log" aria-live="polite" aria-label="New steps">
      {text}
    </p>
  );
}
