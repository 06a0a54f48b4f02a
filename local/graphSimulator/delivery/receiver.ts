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
  let error: 'timeout' | 'aborted' | 'unreachable' = 'unreachable';
  const end = (reason: 'timeout' | 'aborted') => {
    error = reason;
    ending.abort();
  };
  const onAbort = () => end('aborted');
  const timer = setTimeout(() => end('timeout'), timeoutMs);
  signal.addEventListener('abort', onAbort);
  try {
    const headers = { 'content-type': contentType };
    const init = { method: 'POST', headers, body, redirect: 'manual', signal: ending.signal } as const;
    const response = await fetch(url, init);
    const type = response.headers.get('content-type') ?? '';
    return { status: response.status, contentType: type, body: await response.text() };
  } catch {
    return { error };
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', onAbort);
  }
};
