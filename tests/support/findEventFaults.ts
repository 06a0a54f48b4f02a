import * as z from 'zod';
import { formatJobEventSchema, jobEvent } from '../../shared/jobs/jobEventSchema';

/** The published JSON Schema, as a consumer uses it. */
const published = z.fromJSONSchema(JSON.parse(formatJobEventSchema()) as z.core.JSONSchema.JSONSchema);

/** What is wrong with an event of this version. The schema allows fields that it does not name, and this does not. */
export function findEventFaults(event: unknown): string[] {
  const valid = jobEvent.safeParse(event);
  const faults = valid.error?.issues.map(({ path, message }) => `${path.join('.')} ${message}`) ?? [];
  if (!published.safeParse(event).success)
    return faults.length > 0 ? faults : ['the published schema refuses the event'];
  if (!valid.success) return faults;
  const known = jobEvent.options.find(({ shape }) => shape.type.value === valid.data.type)?.shape;
  const unnamed = (value: object, shape: object = {}, path = '') =>
    Object.keys(value)
      .filter((name) => !(name in shape))
      .map((name) => `${path}${name} is not in the schema`);
  const { data } = event as { data: object };
  return [...unnamed(event as object, known), ...unnamed(data, known?.data.shape, 'data.')];
}
