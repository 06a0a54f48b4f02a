import * as z from 'zod';
import { readJsonDocument, type ReadDocument } from '../../shared/rules/readDocument';
import { pattern, someOf } from '../../shared/rules/conditions';

/** The most that a fleet document may have, in bytes of UTF-8: 5,000 printers by id in both scenarios take half a MiB. */
export const MOST_FLEET_BYTES = 2 * 1024 * 1024;

const MOST_MATCHERS = 20_000;
const MOST_DEFINITIONS = 100;

/** The fields of a printerLocation that are a text or a list of texts (resources/printerlocation.md). */
const LOCATION_FIELDS = [
  ...['site', 'building', 'floor', 'floorDescription', 'roomName', 'roomDescription'],
  ...['organization', 'subdivision', 'subUnit', 'streetAddress', 'city', 'postalCode', 'stateOrProvince'],
  'countryOrRegion',
] as const;

const locationField = pattern.optional().meta({ description: 'This field of the location of the printer.' });
const locationShape = Object.fromEntries(LOCATION_FIELDS.map((field) => [field, locationField]));

const matcher = z
  .union([
    pattern,
    someOf({
      id: pattern.optional().meta({ description: 'The id of the printer.' }),
      name: pattern.optional().meta({ description: 'The display name of the printer.' }),
      manufacturer: pattern.optional().meta({ description: 'The manufacturer of the printer.' }),
      model: pattern.optional().meta({ description: 'The model of the printer.' }),
      share: pattern.optional().meta({ description: 'The name of a share of the printer.' }),
      location: z
        .union([pattern, someOf(locationShape)])
        .optional()
        .meta({ description: 'A pattern for any text of the location, or an object for its fields.' }),
    }),
  ])
  .meta({
    id: 'matcher',
    description: 'Which printers: a pattern for id or name, or an object of which every field must match.',
  });

const matchers = z.array(matcher).max(MOST_MATCHERS);
export const printers = z
  .strictObject({
    include: matchers.meta({ description: 'One of these must match. An empty list means no printer.' }),
    exclude: matchers.optional().meta({ description: 'None of these may match.' }),
  })
  .meta({ id: 'printers', description: 'The printers of the scenario.' });

/** The schema of a fleet document. docs/schemas/fleet.schema.json is generated from it. */
const fleetDocument = z
  .strictObject({
    $schema: z.string().optional().meta({ description: 'The address of this schema, for editors.' }),
    version: z.literal(1).meta({ description: 'The version of the language.' }),
    jobStarted: z
      .array(
        z.strictObject({
          definition: z
            .string()
            .regex(/^(?=.*\S)\P{Cc}{1,256}$/u, 'must be one line of 1 to 256 characters')
            .meta({ description: 'The name or id of a task definition of this app. One with this name is made.' }),
          printers,
        }),
      )
      .max(MOST_DEFINITIONS)
      .optional()
      .meta({
        description:
          'Printers whose jobs wait for the app. The first entry that includes a printer counts. Without this field, triggers stay as they are.',
      }),
    jobFetchable: z.strictObject({ printers }).optional().meta({
      description:
        'Printers whose jobs are notified when they can be downloaded. Without this field, watches of printers stay as they are.',
    }),
  })
  .meta({
    title: 'Fleet of a customer of the Universal Print receiver',
    description: 'Says which printers take which scenario. See docs/fleet.md.',
  });

export type FleetDocument = z.output<typeof fleetDocument>;
export type PrinterSelection = z.output<typeof printers>;
export type Matcher = z.output<typeof matcher>;

/** Reads the text of a fleet document. Never throws. */
export function readFleetDocument(text: string): ReadDocument<FleetDocument> {
  return readJsonDocument(text, { schema: fleetDocument, mostBytes: MOST_FLEET_BYTES });
}

/** The JSON Schema of a fleet document, as the text of docs/schemas/fleet.schema.json. */
export function formatFleetSchema(): string {
  return `${JSON.stringify(z.toJSONSchema(fleetDocument, { target: 'draft-7', io: 'input' }), null, 2)}\n`;
}
