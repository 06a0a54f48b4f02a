import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { parseJson } from '../../shared/parse';

const infra = join(__dirname, '..', '..', 'infra');

/** One alert: its query, and how its rule runs the query. */
export interface Alert extends z.infer<typeof alertSchema> {
  query: string;
}

const alertSchema = z.strictObject({
  name: z.string().regex(/^[a-z][A-Za-z]+$/),
  title: z.string().regex(/^[A-Z][a-z]*( [A-Za-z]+)*$/),
  severity: z.union([z.literal(0), z.literal(1), z.literal(2), z.literal(3), z.literal(4)]),
  frequency: z.string(),
  window: z.string(),
  dimensions: z.array(z.string()),
});

/** The alerts of infra/alerts in their order, each with its query. */
export function readAlerts(): Alert[] {
  const alerts = z.array(alertSchema).parse(parseJson(readFileSync(join(infra, 'alerts', 'alerts.json'), 'utf8')));
  return alerts.map((alert) => ({ ...alert, query: readFileSync(join(infra, 'alerts', `${alert.name}.kql`), 'utf8') }));
}

/** The names of the queries in infra/alerts, without `.kql`. */
export function alertFileNames(): string[] {
  return readdirSync(join(infra, 'alerts')).flatMap((file) => (file.endsWith('.kql') ? [file.slice(0, -4)] : []));
}

/** A query of the workbook, by the title of its chart or table. */
export interface WorkbookQuery {
  title: string;
  query: string;
  /** The parameter that its time range comes from. */
  timeContextFromParameter: string;
}

const queryItem = z.object({
  content: z.object({
    title: z.string(),
    query: z.string(),
    timeContextFromParameter: z.string(),
    queryType: z.literal(0),
    resourceType: z.literal('microsoft.operationalinsights/workspaces'),
  }),
});
const workbookSchema = z.object({ items: z.array(z.looseObject({ type: z.number() })) });

/** An item of type 3 of a workbook is a query, with queryType 0 over Log Analytics. */
const QUERY_ITEM = 3;

/** The queries of infra/workbook.json in their order. */
export function readWorkbookQueries(): WorkbookQuery[] {
  const { items } = workbookSchema.parse(parseJson(readFileSync(join(infra, 'workbook.json'), 'utf8')));
  return items.filter(({ type }) => type === QUERY_ITEM).map((item) => queryItem.parse(item).content);
}
