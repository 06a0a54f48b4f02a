import * as z from 'zod';
import { formatJobEventSchema, jobEvent } from '../../shared/jobs/jobEventSchema';
import { EVENT_SHAPES } from './eventShapes';

/** The published JSON Schema, as a consumer uses it. */
const published = z.fromJSONSchema(JSON.parse(formatJobEventSchema()) as z.core.JSONSchema.JSONSchema);

/** What is wrong with an event of this version. The schema allows fields that it does not name, and this does not. */
export function findEventFaults(event: unknown): string[] {
  const valid = jobEvent.safeParse(event);
  const faults = valid.error?.issues.map(({ path, message }) => `${path.join('.')} ${message}`) ?? [];
  if (!published.safeParse(event).success)
    return faults.length > 0 ? faults : ['the published schema refuses the event'];
  if (!valid.success) return faults;
  const {
    type,
    data: { outcome },
  } = valid.data;
  const known = EVENT_SHAPES.find((shape) => shape.type === type && shape.outcomes.includes(outcome));
  const unnamed = (value: object, fields: readonly string[] = [], path = '') =>
    Object.keys(value)
      .filter((name) => !fields.includes(name))
      .map((name) => `${path}${name} is not in the schema`);
  const { data } = event as { data: object };
  return [...unnamed(event as object, known?.envelope), ...unnamed(data, known?.data, 'data.')];
}
