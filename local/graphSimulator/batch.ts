import { fail, type RoutedCall } from './graphCall';
import { asRecord, invalidInput, isInvalidInput, requireString } from './readFields';
import type { Reply } from './reply';

// concepts/json-batching.md: a batch holds up to 20 requests.
const MAX_PARTS = 20;

/** One part as a call of its own. */
interface BatchPart {
  method: string;
  path: string;
  headers: Record<string, string>;
  body: unknown;
}

/**
 * Answers a `$batch`: each part has its own status, and when a part is throttled the whole says 424
 * (concepts/throttling.md) or 200 (concepts/json-batching.md), by variant. Parts run side by side, in no order. Whether every
 * part has an answer is not documented: a variant leaves some out.
 */
export async function answerBatch(
  call: RoutedCall,
  serve: (part: BatchPart) => Promise<Reply | 'reset'>,
): Promise<Reply | 'reset'> {
  let parts: { id: string; part: BatchPart }[];
  try {
    parts = parseParts(call);
  } catch (error) {
    if (isInvalidInput(error)) return fail(call, 400, 'BadRequest', error.message);
    throw error;
  }
  const replies = await Promise.all(parts.map(async ({ id, part }) => ({ id, reply: await serve(part) })));
  const responses: Record<string, unknown>[] = [];
  let throttled = false;
  const { random, variants } = call.simulation;
  for (const { id, reply } of replies) {
    if (reply === 'reset') return 'reset';
    throttled ||= reply.status === 429;
    // The part has taken effect all the same. Without a rate no number is drawn: other runs of a seed stay as they are.
    if (variants.batchPartsMissing > 0 && random() < variants.batchPartsMissing) continue;
    responses.push({
      id,
      status: reply.status,
      headers: { 'Content-Type': 'application/json', ...titled(reply.headers) },
      ...(reply.body === undefined ? {} : { body: reply.body }),
    });
  }
  const status = throttled && variants.batch424 ? 424 : 200;
  return { status, body: { responses } };
}

function titled(headers: Record<string, string> | undefined): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers ?? {}).map(([name, value]) => [
      name.replace(/(^|-)[a-z]/g, (letter) => letter.toUpperCase()),
      value,
    ]),
  );
}

function parseParts(call: RoutedCall): { id: string; part: BatchPart }[] {
  const requests: unknown = asRecord(call.body)?.['requests'];
  if (!Array.isArray(requests) || requests.length === 0)
    throw invalidInput('The batch must hold a list named requests.');
  if (requests.length > MAX_PARTS)
    throw invalidInput(`The batch holds more than the allowed ${String(MAX_PARTS)} requests.`);
  const seen = new Set<string>();
  return requests.map((value: unknown) => {
    const request = asRecord(value) ?? {};
    const id = requireString(request, 'id');
    if (seen.has(id)) throw invalidInput(`The id ${id} occurs twice.`);
    seen.add(id);
    const url = requireString(request, 'url');
    const method = requireString(request, 'method').toUpperCase();
    if (url === '/$batch') throw invalidInput('A batch cannot hold a batch.');
    const own = Object.entries(asRecord(request['headers']) ?? {}).filter(
      (entry): entry is [string, string] => typeof entry[1] === 'string',
    );
    const lower = Object.fromEntries(own.map(([name, text]) => [name.toLowerCase(), text]));
    const headers = { ...call.headers, ...lower, authorization: call.headers['authorization'] ?? '' };
    const path = `${call.version}${url.startsWith('/') ? '' : '/'}${url}`;
    return { id, part: { method, path, headers, body: request['body'] } };
  });
}
