/** The queues of the product; the poison queue of each is its name with `-poison`. */
export const QUEUE_NAMES = {
  jobs: 'print-notifications',
  subscriptions: 'subscription-events',
  jobEvents: 'print-job-events',
} as const;
