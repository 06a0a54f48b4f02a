import { untilAborted } from '../concurrency';
import type { Post } from './post';
import type { Sink } from './sender';

/** The same in every cloud (the client libraries of Event Grid). */
const SCOPE = 'https://eventgrid.azure.net/.default';
/** Of the operation Publish events (learn.microsoft.com/azure/event-grid/post-to-custom-topic). */
const API_VERSION = '2018-01-01';
const TOKEN_TIMEOUT_MS = 10_000;

/** A credential of @azure/identity. */
export interface Credential {
  getToken(scope: string, options: { abortSignal: AbortSignal }): Promise<{ token: string } | null>;
}

/**
 * A custom topic of Event Grid with the input schema Cloud Event v1.0, one event in each call. The identity needs the role
 * EventGrid Data Sender on the topic (learn.microsoft.com/azure/event-grid/authenticate-with-microsoft-entra-id).
 */
export function createEventGridSink(
  { endpoint }: { endpoint: string },
  { post, openCredential }: { post: Post; openCredential: () => Promise<Credential> },
): Sink {
  let opened: Promise<Credential> | undefined;
  /** The credential keeps its token until shortly before it expires. */
  const readToken = async () => {
    const abortSignal = AbortSignal.timeout(TOKEN_TIMEOUT_MS);
    try {
      opened ??= openCredential();
      const token = await untilAborted(abortSignal, (await opened).getToken(SCOPE, { abortSignal }));
      return token?.token;
    } catch {
      opened = undefined;
      return undefined;
    }
  };
  return async ({ text }) => {
    const token = await readToken();
    if (token === undefined) return { noAnswer: 'noToken' };
    const headers = {
      'content-type': 'application/cloudevents+json; charset=utf-8',
      authorization: `Bearer ${token}`,
    };
    return post({ url: `${endpoint}?api-version=${API_VERSION}`, headers, body: text });
  };
}
