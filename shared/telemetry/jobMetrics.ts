import type { MetricInfo } from './metricInfo';

/** The metrics of notifications and of jobs on their way. */
export const JOB_METRICS = {
  'upr.notifications.accepted': {
    kind: 'counter',
    unit: '{notification}',
    dimensions: ['route'],
    description: 'Notifications whose message is stored.',
  },
  'upr.notifications.refused': {
    kind: 'counter',
    unit: '{notification}',
    dimensions: ['reason', 'fromGraph'],
    description:
      'Notifications and bodies that were refused. fromGraph is true where another item proves that the body comes from Graph.',
  },
  'upr.notifications.unknownKey': {
    kind: 'counter',
    unit: '{notification}',
    dimensions: ['fromGraph'],
    description:
      'Notifications that name a key that has signed and CLIENT_STATE_KEYS lacks. fromGraph is true where another item proves that the body comes from Graph.',
  },
  'upr.notifications.notStored': {
    kind: 'counter',
    unit: '{notification}',
    dimensions: [],
    description: 'Authentic notifications that could not be stored in time. Graph delivers them again.',
  },
  'upr.notifications.time': {
    kind: 'histogram',
    unit: 'ms',
    dimensions: ['route', 'status', 'fromGraph'],
    description:
      'Time from the start of the function to its answer. fromGraph is unknown where the time was up before an item could prove it.',
  },
  'upr.notifications.slow': {
    kind: 'counter',
    unit: '{answer}',
    dimensions: ['limit', 'fromGraph'],
    description: 'Answers that took longer than 1s, 2.9s or 10s. An answer is counted for each limit that it exceeds.',
  },
  'upr.jobs.claimed': {
    kind: 'counter',
    unit: '{job}',
    dimensions: ['kind', 'foundBy'],
    description: 'Job events whose ledger row was claimed for the first time.',
  },
  'upr.jobs.lag': {
    kind: 'histogram',
    unit: 'ms',
    dimensions: ['kind'],
    description: 'Time from the creation of a started or fetchable job at Graph to the first claim.',
  },
  'upr.jobs.done': {
    kind: 'counter',
    unit: '{job}',
    dimensions: ['kind', 'outcome', 'decidedBy'],
    description: 'Job events that ended, with the outcome of the event and what decided it.',
  },
  'upr.jobs.time': {
    kind: 'histogram',
    unit: 'ms',
    dimensions: ['kind'],
    description: 'Time from the first claim of a job event to its end, or to the begin of its hold.',
  },
  'upr.jobs.duplicates': {
    kind: 'counter',
    unit: '{notification}',
    dimensions: ['kind'],
    description: 'Messages of job events that are done already.',
  },
  'upr.jobs.deferred': {
    kind: 'counter',
    unit: '{message}',
    dimensions: ['cause'],
    description: 'Messages that were requeued to wait.',
  },
  'upr.jobs.dropped': {
    kind: 'counter',
    unit: '{message}',
    dimensions: ['reason'],
    description: 'Messages that were ended without an event, because their watch or customer is not active.',
  },
  'upr.jobs.failed': {
    kind: 'counter',
    unit: '{run}',
    dimensions: ['code'],
    description: 'Runs of a job event that ended with an error.',
  },
  'upr.jobs.gone': {
    kind: 'counter',
    unit: '{job}',
    dimensions: ['cause'],
    description: 'Job events given up because Graph did not show the job for ten minutes.',
  },
  'upr.jobs.poisoned': {
    kind: 'counter',
    unit: '{message}',
    dimensions: ['reason'],
    description: 'Messages that were moved to the poison queue.',
  },
  'upr.jobs.refusals': {
    kind: 'counter',
    unit: '{action}',
    dimensions: ['action', 'code'],
    description: 'Actions on jobs that Graph refused.',
  },
  'upr.jobs.tasksLeftOpen': {
    kind: 'counter',
    unit: '{task}',
    dimensions: [],
    description: 'Tasks that Graph did not end although it was asked to.',
  },
  'upr.jobs.pastDeadline': {
    kind: 'counter',
    unit: '{task}',
    dimensions: [],
    description: 'Tasks that were still open at their deadline, and were ended by onFailure.',
  },
  'upr.jobs.swept': {
    kind: 'counter',
    unit: '{job}',
    dimensions: ['found'],
    description:
      'Jobs that a sweep queued. missed: it had no row, so its notification was lost or is late. again: its row was not done. unnotified: Graph sends no notification of it.',
  },
  'upr.jobs.recovered': {
    kind: 'counter',
    unit: '{job}',
    dimensions: ['found'],
    description: 'Jobs of a process that was killed (claims), and open tasks without a row or message (tasks).',
  },
  'upr.rules.unreadable': {
    kind: 'gauge',
    unit: '{document}',
    dimensions: ['problem'],
    description: 'Rules documents in force that are invalid, or that storage does not deliver (outage).',
  },
  'upr.triggers.lost': {
    kind: 'counter',
    unit: '{printer}',
    dimensions: [],
    description: 'Printers whose new jobs carry no task of the app although they had a trigger.',
  },
} as const satisfies Readonly<Record<string, MetricInfo>>;
