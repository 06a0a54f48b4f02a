/** The functions of the app that a timer triggers. tests/functions/registration.test.ts holds them equal to those registered. */
export const TIMER_NAMES = [
  'renewSubscriptions',
  'sweepJobs',
  'recoverJobs',
  'deliverWaitingEvents',
  'applyRetention',
  'measureService',
] as const;

export type TimerName = (typeof TIMER_NAMES)[number];

/**
 * Settings with which no timer runs by itself, in the middle of what is counted or measured. Documentation page
 * disable-function: such a function is not triggered, but can still be run by /admin.
 */
export const TIMERS_OFF: Readonly<Record<string, string>> = Object.fromEntries(
  TIMER_NAMES.map((name) => [`AzureWebJobs.${name}.Disabled`, 'true']),
);
