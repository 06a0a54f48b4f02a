import { randomUUID } from 'node:crypto';
import type { Reply } from './reply';
import type { Simulation } from './simulation';

/** The error shape of the sign-in service (identity-platform reference-error-codes). */
export function tokenError(
  simulation: Simulation,
  status: number,
  error: string,
  number: number,
  text: string,
): Reply {
  const traceId = randomUUID();
  const correlationId = randomUUID();
  const timestamp = new Date(simulation.now()).toISOString().slice(0, 19).replace('T', ' ') + 'Z';
  const ids = `Trace ID: ${traceId} Correlation ID: ${correlationId} Timestamp: ${timestamp}`;
  return {
    status,
    body: {
      error,
      error_description: `AADSTS${String(number)}: ${text} ${ids}`,
      error_codes: [number],
      timestamp,
      trace_id: traceId,
      correlation_id: correlationId,
      error_uri: `${simulation.authorityUrl}/error?code=${String(number)}`,
    },
  };
}
