import * as z from 'zod';
import { openWord } from './configuration';
import { isZone } from './localTime';

/** Levels of `all`, `any` and `not`, the `when` itself included. */
export const MOST_LEVELS = 8;
const MOST_PATTERN = 256;

/** As `parseId` accepts them (shared/parse.ts). */
export const id = z
  .string()
  .regex(/^(?!\.+$)[A-Za-z0-9._-]{1,128}$/, 'must be an id: 1 to 128 letters, digits, ".", "_" or "-"');

export const pattern = z
  .string()
  .min(1)
  .max(MOST_PATTERN)
  .meta({ id: 'pattern', description: 'A text compared without case. "*" stands for any characters, or none.' });

const oneOrMore = <Item extends z.ZodType>(item: Item) => z.union([item, z.array(item).min(1)]);
const patterns = oneOrMore(pattern).meta({
  id: 'patterns',
  description: 'One pattern, or several of which one matches.',
});
const ids = oneOrMore(id);
const listName = z.string().meta({ description: 'The name of a list in "lists".' });

/** An object that names at least one of its fields. An empty one would hold for every job. */
export const someOf = <Shape extends z.core.$ZodLooseShape>(shape: Shape) =>
  z
    .strictObject(shape)
    .refine((value) => Object.keys(value).length > 0, `must name at least one of ${Object.keys(shape).join(', ')}`)
    .meta({ minProperties: 1 });

const number = z.int().min(0);
const range = z.union([
  number,
  someOf({
    above: number.optional().meta({ description: 'More than this.' }),
    below: number.optional().meta({ description: 'Less than this.' }),
  }),
]);

const TIME = '([01]\\d|2[0-3]):[0-5]\\d';
const time = z
  .strictObject({
    from: z
      .string()
      .regex(new RegExp(`^${TIME}$`), 'must be a time such as 08:00')
      .optional()
      .meta({ description: 'The first minute. When it is after "to", the span crosses midnight.' }),
    to: z
      .string()
      .regex(new RegExp(`^(${TIME}|24:00)$`), 'must be a time such as 18:00, or 24:00')
      .optional()
      .meta({ description: 'The minute that ends the span, no longer part of it.' }),
    days: z
      .array(z.enum(['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun']))
      .min(1)
      .optional()
      .meta({ description: 'The days on which the span starts. The part after midnight belongs to the day before.' }),
    zone: z
      .string()
      .refine(isZone, 'must be an IANA time zone such as Europe/Berlin')
      .meta({ description: 'The IANA time zone, such as Europe/Berlin.' }),
  })
  .superRefine(({ from, to, days }, context) => {
    const fault = (message: string) => context.addIssue({ code: 'custom', message });
    if ((from === undefined) !== (to === undefined)) fault('needs both from and to, or neither');
    if (from === undefined && days === undefined) fault('needs from and to, days, or both');
    if (from !== undefined && from === to) fault('has the same from and to: leave both out for the whole day');
  })
  .meta({ description: 'The local time at which the job was created.' });

const printer = z.union([
  ids,
  someOf({
    id: ids.optional().meta({ description: 'The id of the printer.' }),
    list: oneOrMore(listName).optional().meta({ description: 'The lists of which one holds the id of the printer.' }),
    name: patterns.optional().meta({ description: 'The name of the printer.' }),
    location: patterns
      .optional()
      .meta({ description: 'Any text of the location of the printer: site, building, floor, city.' }),
  }),
]);

const user = z.union([
  patterns,
  someOf({
    id: patterns.optional().meta({ description: 'The object id of the user.' }),
    name: patterns.optional().meta({ description: 'The display name. Users may share or choose it.' }),
    principalName: patterns.optional().meta({ description: 'The user principal name.' }),
  }),
]);

const words = (field: Parameters<typeof openWord>[0], description: string) =>
  oneOrMore(openWord(field, MOST_PATTERN)).optional().meta({ description });

/** What a rule asks of a job. Every field that is present must hold. */
export const condition = z
  .strictObject({
    printer: printer
      .optional()
      .meta({ description: 'The printer: its id or ids, or its id, list, name and location.' }),
    user: user
      .optional()
      .meta({ description: 'Who prints: a pattern for id, name or principal name, or an object for one of them.' }),
    colorMode: words('colorMode', 'The color mode, or several of which one matches.'),
    duplexMode: words('duplexMode', 'The duplex mode, or several of which one matches.'),
    copies: range.optional().meta({ description: 'The number of copies: a number, or above and below.' }),
    mediaSize: patterns.optional().meta({ description: 'The media size, such as A3.' }),
    mediaType: patterns.optional().meta({ description: 'The media type, such as stationery.' }),
    quality: words('quality', 'The print quality, or several of which one matches.'),
    orientation: words('orientation', 'The orientation, or several of which one matches.'),
    document: someOf({
      contentType: patterns.optional().meta({ description: 'The content type, such as application/pdf.' }),
      size: range.optional().meta({ description: 'The size in bytes: a number, or above and below.' }),
    })
      .optional()
      .meta({ description: 'A document of the job. Costs one more call to Graph for each started job.' }),
    time: time.optional(),
    redirected: z
      .literal(true)
      .optional()
      .meta({ description: 'The job was redirected from another printer. Other rules leave such a job alone.' }),
    get all() {
      return z.array(condition).min(1).optional().meta({ description: 'Every one of these conditions holds.' });
    },
    get any() {
      return z.array(condition).min(1).optional().meta({ description: 'At least one of these conditions holds.' });
    },
    get not() {
      return condition.optional().meta({ description: 'This condition does not hold.' });
    },
  })
  .meta({ id: 'condition', description: 'What a job must be. Every field that is present must hold.' });

export type Condition = z.output<typeof condition>;
export type Range = z.output<typeof range>;
/** One pattern or several. */
export type Patterns = z.output<typeof patterns>;
