import { z } from 'zod';
import { Refusal } from '../http/readRequest';
import { connectionReset, type HttpCall, type Reply } from '../http/server';
import type { GraphCall } from './graphCall';

// concepts/json-batching.md: a batch holds up to 20 requests, each with an id of its own.
const batchSchema = z.object({
  requests: z
    .array(
      z.object({
        id: z.string().min(1),
        method: z.string().toUpperCase(),
        url: z.string().refine((url) => url !== '/$batch', 'A batch cannot hold a batch.'),
        headers: z.record(z.string(), z.string()).default({}),
        body: z.unknown().optional(),
      }),
    )
    .min(1)
    .max(20)
    .refine((parts) => new Set(parts.map(({ id }) => id)).size === parts.length, 'An id occurs twice.'),
});

/** One part as a call of its own. */
export type BatchPart = Omit<HttpCall, 'url'>;

/**
 * Answers a `$batch`. Parts run side by side, in no order, and each has its own status. When a part is throttled the batch
 * has 424 (concepts/throttling.md) or 200 (concepts/json-batching.md), by variant. Whether every part has an answer is not
 * documented: a variant leaves some out. Throws a refusal with 400 for a batch that breaks a rule.
 */
export async function answerBatch(call: GraphCall, answerPart: (part: BatchPart) => Promise<Reply>): Promise<Reply> {
  const { random, variants } = call.simulation;
  const { data, error } = batchSchema.safeParse(call.body);
  if (error) throw new Refusal(400, 'BadRequest', z.prettifyError(error));
  const replies = await Promise.all(data.requests.map((part) => answerPart(asCall(call, part))));
  const responses: Record<string, unknown>[] = [];
  for (const [index, reply] of replies.entries()) {
    if (reply.status === 0) return connectionReset;
    // The part has taken effect. Without a rate no number is drawn, so that other runs of a seed stay the same.
    if (variants.batchPartsMissing > 0 && random() < variants.batchPartsMissing) continue;
    const { status, body } = reply;
    const headers = { 'Content-Type': 'application/json', ...titled(reply.headers) };
    responses.push({ id: data.requests[index]?.id, status, headers, body });
  }
  const throttled = replies.some(({ status }) => status === 429);
  return { status: throttled && variants.batch424 ? 424 : 200, body: { responses } };
}

function asCall(call: GraphCall, part: z.output<typeof batchSchema>['requests'][number]): BatchPart {
  const { method, url, body } = part;
  const own = Object.entries(part.headers).map(([name, text]) => [name.toLowerCase(), text] as const);
  const { authorization = '' } = call.headers;
  const headers = { ...call.headers, ...Object.fromEntries(own), authorization };
  const target = `${call.version}${url.startsWith('/') ? '' : '/'}${url}`;
  return { method, target, headers, text: JSON.stringify(body) ?? '' };
}

function titled(headers: Record<string, string> = {}): Record<string, string> {
  const title = (name: string) => name.replaceAll(/(^|-)[a-z]/g, (letter) => letter.toUpperCase());
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [title(name), value]));
}
