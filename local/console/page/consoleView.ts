import { KEPT_JOBS, type ConsoleState, type JobStory, type StreamEvent } from '../consoleApi';

/** What the page shows. */
export interface ConsoleView {
  /** Undefined until the first event. */
  readonly state?: ConsoleState;
  /** The newest first. */
  readonly jobs: readonly JobStory[];
}

/** The view after `event`. */
export function applyEvent(view: ConsoleView, { name, data }: StreamEvent): ConsoleView {
  switch (name) {
    case 'snapshot':
      return { state: data.state, jobs: [...data.jobs].reverse() };
    case 'state':
      return { ...view, state: data };
    case 'job': {
      const isKnown = view.jobs.some(({ id }) => id === data.id);
      const jobs = isKnown ? view.jobs.map((job) => (job.id === data.id ? data : job)) : [data, ...view.jobs];
      return { ...view, jobs: jobs.slice(0, KEPT_JOBS) };
    }
  }
}
