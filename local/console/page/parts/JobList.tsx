import { useEffect, useRef } from 'preact/hooks';
import type { JobStory } from '../../consoleApi';
import { badgeOf } from '../jobWords';
import { shownClock } from '../shownTime';
import { Badge, Outside } from './text';

interface JobListProps {
  readonly jobs: readonly JobStory[];
  readonly selectedId: string | undefined;
  readonly onSelect: (id: string) => void;
}

/** The latest jobs. One stop of the Tab key: arrows, Home and End move the selection in it. */
export function JobList({ jobs, selectedId, onSelect }: JobListProps) {
  const list = useRef<HTMLUListElement>(null);
  useEffect(() => {
    list.current?.querySelector('[aria-selected="true"]')?.scrollIntoView({ block: 'nearest' });
  }, [selectedId]);
  const onKeyDown = (event: KeyboardEvent) => {
    const to = moved(
      event.key,
      Math.max(
        0,
        jobs.findIndex(({ id }) => id === selectedId),
      ),
      jobs.length,
    );
    const id = to === undefined ? undefined : jobs[to]?.id;
    if (id === undefined) return;
    event.preventDefault();
    onSelect(id);
  };
  return (
    <section class="panel jobs" aria-labelledby="jobs-title">
      <h2 id="jobs-title">Jobs {jobs.length > 0 ? <span class="count">{jobs.length}</span> : null}</h2>
      {jobs.length === 0 ? (
        <p class="empty">No job yet. Print one and watch it travel.</p>
      ) : (
        <ul
          ref={list}
          role="listbox"
          aria-labelledby="jobs-title"
          tabIndex={0}
          aria-activedescendant={selectedId === undefined ? undefined : optionId(selectedId)}
          onKeyDown={onKeyDown}
        >
          {jobs.map((job) => (
            <JobRow key={job.id} job={job} isSelected={job.id === selectedId} onSelect={onSelect} />
          ))}
        </ul>
      )}
    </section>
  );
}

interface JobRowProps {
  readonly job: JobStory;
  readonly isSelected: boolean;
  readonly onSelect: (id: string) => void;
}

function JobRow({ job, isSelected, onSelect }: JobRowProps) {
  const badge = badgeOf(job);
  return (
    <li id={optionId(job.id)} role="option" aria-selected={isSelected} onClick={() => onSelect(job.id)}>
      <span class="number">{job.jobNumber}</span>
      <span class="name">
        <Outside text={job.document} />
      </span>
      <Badge tone={badge.tone}>{badge.label}</Badge>
      <span class="where">
        <Outside text={job.customer} /> · <Outside text={job.printer} />
      </span>
      <time dateTime={new Date(job.printedAt).toISOString()}>{shownClock(job.printedAt)}</time>
    </li>
  );
}

function optionId(id: string): string {
  return `job-${id}`;
}

function moved(key: string, from: number, count: number): number | undefined {
  switch (key) {
    case 'ArrowDown':
      return Math.min(from + 1, count - 1);
    case 'ArrowUp':
      return Math.max(from - 1, 0);
    case 'Home':
      return 0;
    case 'End':
      return count - 1;
    default:
      return undefined;
  }
}
