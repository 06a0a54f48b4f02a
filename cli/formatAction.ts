import type { Action } from '../shared/rules/decide';
import { plural } from './output';

/** An action in words, such as `hold for 240 minutes, then abort`. */
export function formatAction(action: Action): string {
  const change = 'configure' in action ? `, with ${JSON.stringify(action.configure)}` : '';
  switch (action.kind) {
    case 'hold':
      return `${action.document ? 'archive, ' : ''}hold for ${plural(action.minutes, 'minute')}, then ${action.else}${change}`;
    case 'redirect':
      return `redirect to printer ${action.printerId}${change}`;
    case 'abort':
      return action.reason === undefined ? 'abort' : `abort (${action.reason})`;
    default:
      return `${action.kind}${change}`;
  }
}
