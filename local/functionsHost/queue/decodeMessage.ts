const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

/** The text inside a queue message, or undefined when it is not valid base64 though host.json says it is encoded so. */
export function decodeMessage(body: string, encoding: 'base64' | 'none'): string | undefined {
  if (encoding === 'none') return body;
  // .NET's Convert.FromBase64String skips white space and refuses everything else that is not base64.
  const compact = body.replace(/[ \t\r\n]/g, '');
  return BASE64.test(compact) ? Buffer.from(compact, 'base64').toString('utf8') : undefined;
}
