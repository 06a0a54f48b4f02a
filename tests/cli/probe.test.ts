import { createServer as createHttpServer } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { probe } from '../../cli/probe';
import { makeCertificate } from '../support/makeCertificate';

let stop: (() => Promise<void>) | undefined;
afterEach(async () => {
  await stop?.();
  stop = undefined;
});

/** Listens on loopback until the end of the test. */
async function listen(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  stop = () => new Promise((resolve) => server.close(() => resolve()));
  return (server.address() as AddressInfo).port;
}

it.each([200, 301, 401, 404, 429, 503])('an answer %i is an answer', async (status) => {
  const paths: string[] = [];
  const server = createHttpServer((request, answer) => {
    paths.push(request.url ?? '');
    answer.writeHead(status).end();
  });
  const port = await listen(server);
  await expect(probe(`http://127.0.0.1:${port}/devstoreaccount1?sig=secret`)).resolves.toBeUndefined();
  // The path may hold an account or a signature, and the question is only about the host.
  expect(paths).toEqual(['/']);
});

it('names a refused connection', async () => {
  await expect(probe('http://127.0.0.1:1/v1.0')).resolves.toEqual({ cause: 'connection refused', isTls: false });
});

it('names a host that has no address', async () => {
  // RFC 2606: no name below .invalid exists. Without a DNS server the look-up itself fails.
  const { cause } = (await probe('http://graph.invalid')) ?? {};
  expect(cause).toMatch(/^name not found/);
});

it('names a proxy that connects and never answers, within five seconds', async () => {
  const sockets: { destroy: () => void }[] = [];
  const port = await listen(createServer((socket) => void sockets.push(socket)));
  await expect(probe(`http://127.0.0.1:${port}`)).resolves.toEqual({
    cause: 'connected, but no answer within 4 s',
    isTls: false,
  });
  sockets.forEach((socket) => socket.destroy());
});

it('names a connection that is closed without an answer, and an answer that is not HTTP', async () => {
  const closing = await listen(createServer((socket) => socket.resume().end()));
  await expect(probe(`http://127.0.0.1:${closing}`)).resolves.toMatchObject({
    cause: 'connection closed without an answer',
  });
  await stop?.();
  const talking = await listen(createServer((socket) => socket.resume().end('SSH-2.0-x\r\n')));
  await expect(probe(`http://127.0.0.1:${talking}`)).resolves.toMatchObject({ cause: 'the answer is not HTTP' });
});

it('names the failure of TLS: a certificate that is not trusted, and a host that does not speak TLS', async () => {
  const { certificate, key } = await makeCertificate();
  const untrusted = await listen(createHttpsServer({ cert: certificate, key }, (_request, answer) => answer.end()));
  await expect(probe(`https://127.0.0.1:${untrusted}`)).resolves.toEqual({
    cause: 'TLS failed: DEPTH_ZERO_SELF_SIGNED_CERT',
    isTls: true,
  });
  await stop?.();
  const plain = await listen(createHttpServer((_request, answer) => answer.end()));
  const silence = await probe(`https://127.0.0.1:${plain}`);
  expect(silence).toMatchObject({ isTls: true, cause: expect.stringMatching(/^TLS failed: /) as string });
});
