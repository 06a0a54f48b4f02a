import { useRef } from 'preact/hooks';
import type { ConsoleCustomer, JobStory } from '../../consoleApi';
import type { ConsoleClient } from '../consoleClient';
import { badgeOf, scenarioName } from '../jobWords';
import { shownClock } from '../shownTime';
import { HeldActions } from './HeldActions';
import { EventCard } from './EventCard';
import { Badge, Outside } from './text';
import { Timeline, WayOfJobs } from './Timeline';

interface JobDetailProps {
  readonly job: JobStory | undefined;
  readonly customers: readonly ConsoleCustomer[];
  readonly client: ConsoleClient;
  /** A person acts on the job with this id. */
  readonly onAct: (id: string) => void;
}

/** One job: its timeline, what can be done with it, and its events, the latest first. */
export function JobDetail({ job, customers, client, onAct }: JobDetailProps) {
  const title = useRef<HTMLHeadingElement>(null);
  if (job === undefined) {
    return (
      <section class="panel job" id="job" aria-labelledby="job-title" tabIndex={-1}>
        <h2 id="job-title">What happens to a job</h2>
        <WayOfJobs />
      </section>
    );
  }
  const badge = badgeOf(job);
  const printers = customers.find(({ tenantId }) => tenantId === job.tenantId)?.printers ?? [];
  return (
    <section class="panel job" id="job" aria-labelledby="job-title" tabIndex={-1}>
      <div class="job-head">
        <h2 id="job-title" ref={title} tabIndex={-1}>
          Job {job.jobNumber}
        </h2>
        <Badge tone={badge.tone}>{badge.label}</Badge>
        <p class="facts">
          <span class="document">
            <Outside text={job.document} />
          </span>
          <span>
            <Outside text={job.user} />
          </span>
          <span>
            <Outside text={job.customer} /> · <Outside text={job.printer} />
          </span>
          <span>{scenarioName(job.scenario)}</span>
          <time dateTime={new Date(job.printedAt).toISOString()}>{shownClock(job.printedAt)}</time>
        </p>
      </div>
      {job.status === 'held' ? (
        <HeldActions
          key={job.id}
          job={job}
          targets={printers.filter(({ printerId }) => printerId !== job.printerId)}
          client={client}
          onAct={() => onAct(job.id)}
          onDone={() => title.current?.focus()}
        />
      ) : null}
      <h3 class="unseen">Timeline</h3>
      <Timeline key={`timeline ${job.id}`} job={job} />
      {job.status === 'unwatched' ? (
        <p class="empty">
          No watch covers this printer, so the app is not notified. <code>docs/onboarding.md</code> shows how to add
          one.
        </p>
      ) : null}
      {[...job.events].reverse().map((event, at) => (
        <EventCard key={event.id} event={event} tenantId={job.tenantId} isOpen={at === 0} client={client} />
      ))}
    </section>
  );
}
