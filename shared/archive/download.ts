import http from 'node:http';
import https from 'node:https';
import type { Readable } from 'node:stream';
import axios, { isAxiosError } from 'axios';
import { ReceiverError } from '../errors';

/** The content of a document. Reading it throws ReceiverError `downloadBroken` when it ends early or stands still. */
export interface Download {
  content: AsyncIterable<Buffer>;
}

/** Opens the content at a pre-authenticated address. @throws ReceiverError `downloadBroken` when there is none */
export type OpenDownload = (address: string, signal: AbortSignal) => Promise<Download>;

/** An address answers, and its content continues, within this time, or it is asked for again. */
const STANDSTILL_MS = 60_000;

/**
 * Downloads by HTTP without the Authorization header, which the address does not take (api/printdocument-get-file.md), and
 * without following a further redirect. No error names the address.
 */
export function createOpenDownload(): OpenDownload {
  const agentOptions = { keepAlive: true };
  const client = axios.create({
    httpAgent: new http.Agent(agentOptions),
    httpsAgent: new https.Agent(agentOptions),
    maxRedirects: 0,
    maxContentLength: Infinity,
    proxy: false,
    responseType: 'stream',
    decompress: false,
    timeout: STANDSTILL_MS,
    validateStatus: () => true,
  });
  return async (address, signal) => {
    try {
      const { status, data, headers } = await client.get<Readable>(address, { signal });
      if (status === 200) return { content: readWhole(data, Number(headers['content-length'] ?? NaN)) };
      data.destroy();
      throw broken(`answered ${status}`);
    } catch (error) {
      if (error instanceof ReceiverError) throw error;
      throw broken(reasonOf(error));
    }
  };
}

async function* readWhole(stream: Readable, length: number): AsyncGenerator<Buffer> {
  let bytes = 0;
  const watch = () => setTimeout(() => stream.destroy(), STANDSTILL_MS);
  let standstill = watch();
  try {
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      bytes += chunk.length;
      // The time in which the reader stores a chunk is no standstill of the download.
      clearTimeout(standstill);
      yield chunk;
      standstill = watch();
    }
  } catch (error) {
    throw broken(`ended after ${bytes} bytes (${reasonOf(error)})`);
  } finally {
    clearTimeout(standstill);
    stream.destroy();
  }
  if (bytes < length) throw broken(`ended after ${bytes} of ${length} bytes`);
}

function broken(reason: string): ReceiverError {
  return new ReceiverError('downloadBroken', `The download of the document ${reason}`);
}

/** An axios error holds the address: only its code may leave this file. */
function reasonOf(error: unknown): string {
  return isAxiosError(error) && error.code !== undefined ? error.code : 'no answer';
}
