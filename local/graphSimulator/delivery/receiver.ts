/** What came back from the receiver. */
export type ReceiverAnswer =
  { status: number; contentType: string; body: string } | { error: 'timeout' | 'aborted' | 'unreachable' };

/** Posts one body to a receiver, with a hard time limit. */
export type PostToReceiver = (
  url: string,
  body: string,
  options: { timeoutMs: number; contentType: string; signal: AbortSignal },
) => Promise<ReceiverAnswer>;

/** Posts with fetch, which sets Content-Length for a text (the Functions host reads a chunked body as empty). */
export const postToReceiver: PostToReceiver = async (url, body, { timeoutMs, contentType, signal }) => {
  const ending = new AbortController();
  const abort = () => ending.abort();
  const timer = setTimeout(abort, timeoutMs);
  signal.addEventListener('abort', abort);
  try {
    const headers = { 'content-type': contentType };
    const response = await fetch(url, { method: 'POST', headers, body, redirect: 'manual', signal: ending.signal });
    const type = response.headers.get('content-type') ?? '';
    return { status: response.status, contentType: type, body: await response.text() };
  } catch {
    if (signal.aborted) return { error: 'aborted' };
    return { error: ending.signal.aborted ? 'timeout' : 'unreachable' };
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', abort);
  }
};
