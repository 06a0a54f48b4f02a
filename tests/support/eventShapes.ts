import * as z from 'zod';
import { jobEvent } from '../../shared/jobs/jobEventSchema';

interface EventShape {
  type: string;
  outcomes: readonly string[];
  /** The fields of the event. */
  envelope: readonly string[];
  /** The fields of its data. */
  data: readonly string[];
}

/** Each form of the data of an event, with the type of its event. */
export const EVENT_SHAPES: readonly EventShape[] = jobEvent.options.flatMap(({ shape }) => {
  const forms = shape.data instanceof z.ZodObject ? [shape.data] : shape.data.options;
  return forms.map((data): EventShape => ({
    type: shape.type.value,
    outcomes: data.shape.outcome.options,
    envelope: Object.keys(shape),
    data: Object.keys(data.shape),
  }));
});
