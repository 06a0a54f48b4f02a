import * as z from 'zod';
import { jobEvent } from '../../shared/jobs/jobEventSchema';

/** Each form of the data of an event, with the type of its event and the fields beside the data. */
export const EVENT_SHAPES = jobEvent.options.flatMap(({ shape }) => {
  const forms = shape.data instanceof z.ZodObject ? [shape.data] : shape.data.options;
  return forms.map((data) => ({
    type: shape.type.value,
    outcomes: data.shape.outcome.options,
    envelope: Object.keys(shape),
    data: Object.keys(data.shape),
  }));
});
