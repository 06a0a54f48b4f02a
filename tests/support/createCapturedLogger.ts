import type { LogFields, Logger } from '../../shared/logger';

export interface LoggedEvent extends LogFields {
  level: 'info' | 'warn' | 'error';
  event: string;
}

/** A Logger that keeps what it is told. */
export function createCapturedLogger(): Logger & { events: LoggedEvent[] } {
  const events: LoggedEvent[] = [];
  const keep = (level: LoggedEvent['level']) => (event: string, fields?: LogFields) => {
    events.push({ level, event, ...fields });
  };
  return { events, info: keep('info'), warn: keep('warn'), error: keep('error') };
}
