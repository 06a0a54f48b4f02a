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
  const before = useRef<{
    readonly id: string | undefined;
    readonly known: ReadonlySet<string>;
    readonly since: number;
  }>(undefined);
  useEffect(() => {
    if (service === undefined) return;
    const last = before.current;
    const spoken = (job?.steps ?? []).map(spokenStep);
    before.current = { id: job?.id, known: new Set(spoken), since: service.at(-1)?.at ?? 0 };
    if (last === undefined) return;
    // Someone who selects an earlier job reads its steps. Those of a new job are announced.
    const isOther = last.id !== job?.id;
    const fresh = isOther ? (spoken.length > 1 ? [] : spoken) : spoken.filter((step) => !last.known.has(step));
    const said = [
      ...fresh.map((step) => `Job ${job?.jobNumber ?? ''}. ${step}`),
      ...service.filter(({ at }) => at > last.since).map(spokenStep),
    ];
    if (said.length > 0) setText(said.map(shownText).join('. '));
  }, [job, service]);
  return (
    <p class="unseen" role="log" aria-live="polite" aria-label="New steps">
      {text}
    </p>
  );
}
