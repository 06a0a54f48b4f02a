import type { AppLogLine } from '../../appLog';
import type { CallRecord } from '../../graphSimulator/control/controlTypes';
import type { Step } from '../consoleApi';

/** What a line of the log that names no job says about the service. Undefined for a line of ordinary work. */
export function describeServiceLine(
  { at, level, event, fields }: AppLogLine,
  customerOf: (tenantId: string) => string,
): Step | undefined {
  const customer = typeof fields['tenantId'] === 'string' ? customerOf(fields['tenantId']) : '';
  switch (event) {
    case 'notifications.received':
      return describeReceived(at, fields);
    case 'tenant.accessRefused':
      return { at, kind: 'refused', text: `Graph refuses the app the access to ${customer}: its work waits` };
    case 'tenant.accessRestored':
      return { at, kind: 'consent', text: `Graph grants the app the access to ${customer} again` };
    case 'sweep.jobsQueued':
      return { at, kind: 'swept', text: `The sweep queues jobs of ${customer} that have no notification` };
    case 'subscription.created':
    case 'subscription.replaced':
      return { at, kind: 'started', text: `A subscription of ${customer} is ${event.replace('subscription.', '')}` };
  }
  if (level !== 'error') return undefined;
  return { at, kind: 'failed', text: [event, fields['code'] ?? fields['reason']].filter(Boolean).join(': ') };
}

function describeReceived(at: number, fields: AppLogLine['fields']): Step | undefined {
  const refused = Number(fields['refused'] ?? 0) + Number(fields['unknownKey'] ?? 0);
  if (refused > 0) {
    const reasons = Object.keys(fields).flatMap((name) =>
      name.startsWith('refused.') ? [name.slice('refused.'.length)] : [],
    );
    const what = refused === 1 ? 'a notification' : `${refused} notifications`;
    const why = reasons.length > 0 ? reasons.join(', ') : 'unknownKey';
    return {
      at,
      kind: 'refused',
      text: `The app refuses ${what} that Graph did not send: ${why}. Nothing is stored or fetched`,
    };
  }
  return fields['status'] === 503
    ? { at, kind: 'unavailable', text: 'The app cannot store a notification and answers 503' }
    : undefined;
}

/** A call that belongs to no job and was not answered well. Undefined for any other. */
export function describeServiceCall({ at, status, method, route, fault }: CallRecord): Step | undefined {
  if (fault === undefined || (status !== 0 && status < 400)) return undefined;
  const what = `${method} ${route}`;
  if (status === 429) return { at, kind: 'throttled', text: `Graph answers 429 to ${what}` };
  return {
    at,
    kind: 'unavailable',
    text: `Graph ${status === 0 ? 'does not answer' : `answers ${status} to`} ${what}`,
  };
}
