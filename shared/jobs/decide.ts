import type { PrintJob } from '../graph/api/printJobs';
import type { JobStartedReference } from './reference';

/** What is to happen to a job that waits for us. */
export interface Decision {
  action: 'release';
}

/** The seam for the vendor's rules: looks at a waiting job and says what is to happen to it. */
export type Decide = (reference: JobStartedReference, job: PrintJob | undefined) => Decision;

/** Without rules every job goes on at once: nobody's print waits for a decision that nobody has configured. */
export const releaseEveryJob: Decide = () => ({ action: 'release' });
