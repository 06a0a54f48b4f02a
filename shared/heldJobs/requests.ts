import * as z from 'zod';
import type { WishAction } from '../jobs/wishes';
import { isRecord, parseGuid, parseJson } from '../parse';
import { id } from '../rules/conditions';
import { configurationChange } from '../rules/configuration';
import { faultsOf } from '../rules/readDocument';
import { MOST_CONTINUATION } from './continuation';

/** A request is some hundred bytes. Its longest part are page ranges. */
export const MOST_BODY_BYTES = 64 * 1024;
export const MOST_JOBS = 100;
const DEFAULT_JOBS = 50;

const guid = z
  .string()
  .refine((text) => parseGuid(text) !== undefined, 'must be the GUID of a tenant')
  .transform((text) => text.toLowerCase());
const printer = id.transform((text) => text.toLowerCase());
/** The id of a user, or a principal name, which has at most 113 characters (resources/user.md). */
const user = z
  .string()
  .trim()
  .min(1)
  .max(256)
  .regex(/^\P{Cc}*$/u, 'must be one line of text');
const continuation = z.string().min(1).max(MOST_CONTINUATION).optional();
const configure = configurationChange.optional();

const page = { limit: z.int().min(1).max(MOST_JOBS).default(DEFAULT_JOBS), continuation };
const searchOfDevice = z.strictObject({ user, printer: printer.optional(), ...page });
const searchOfOperator = z.strictObject({ tenant: guid, user: user.optional(), printer: printer.optional(), ...page });
const releaseOfDevice = z.strictObject({ user, printer, configure, continuation });
const releaseOfOperator = z.strictObject({ tenant: guid, user, printer, configure, continuation });

/** What a caller asks for one job. `abort` changes nothing, because Graph prints nothing of an aborted job. */
const decisions = {
  release: z.strictObject({ configure }),
  redirect: z.strictObject({ printer, configure }),
  abort: z.strictObject({ reason: z.string().min(1).max(256).optional() }),
} as const satisfies Record<WishAction, z.ZodType>;

export type Decision =
  | ({ action: 'release' } & z.output<typeof decisions.release>)
  | ({ action: 'redirect' } & z.output<typeof decisions.redirect>)
  | ({ action: 'abort' } & z.output<typeof decisions.abort>);
/** `tenant` is absent in the request of a device, whose token names it. */
export type SearchRequest = Omit<z.output<typeof searchOfOperator>, 'tenant'> & { tenant?: string };
export type ReleaseRequest = Omit<z.output<typeof releaseOfOperator>, 'tenant'> & { tenant?: string };

/** A body as parsed, or the field that is wrong. `field` is absent where the body as a whole is. */
export type Parsed<T> = { value: T } | { field?: string; message: string };

/** @param text the body. @param ofDevice whether the tenant comes from a token */
export function parseSearch(text: string, ofDevice: boolean): Parsed<SearchRequest> {
  return ofDevice ? parseBody(searchOfDevice, text) : parseBody(searchOfOperator, text);
}

/** As `parseSearch`. */
export function parseRelease(text: string, ofDevice: boolean): Parsed<ReleaseRequest> {
  return ofDevice ? parseBody(releaseOfDevice, text) : parseBody(releaseOfOperator, text);
}

/** @param text the body, which may be empty where nothing is needed */
export function parseDecision(action: WishAction, text: string): Parsed<Decision> {
  const body = text.trim() === '' ? '{}' : text;
  switch (action) {
    case 'release':
      return withAction(action, parseBody(decisions.release, body));
    case 'redirect':
      return withAction(action, parseBody(decisions.redirect, body));
    case 'abort':
      return withAction(action, parseBody(decisions.abort, body));
  }
}

function withAction<Action extends WishAction, T extends object>(action: Action, parsed: Parsed<T>) {
  return 'value' in parsed ? { value: { action, ...parsed.value } } : parsed;
}

function parseBody<Schema extends z.ZodType>(schema: Schema, text: string): Parsed<z.output<Schema>> {
  const body = parseJson(text);
  if (!isRecord(body)) return { message: 'The body must be a JSON object' };
  const parsed = schema.safeParse(body);
  if (parsed.success) return { value: parsed.data };
  const [fault] = parsed.error.issues.flatMap((issue) => faultsOf(issue, []));
  const field = fault?.path.join('.') ?? '';
  if (!fault || field === '') return { message: 'The body is not valid' };
  return { field, message: `${field} ${fault.message}` };
}
