/** POSTs a body as Graph does and gives what came back. */
export async function post(
  url: string,
  body: string | Buffer | undefined,
): Promise<{ status: number; headers: Headers; body: Buffer; ms: number }> {
  const startedAt = performance.now();
  const answer = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : new Uint8Array(body) }),
  });
  const bytes = Buffer.from(await answer.arrayBuffer());
  return { status: answer.status, headers: answer.headers, body: bytes, ms: performance.now() - startedAt };
}
