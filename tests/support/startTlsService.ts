import { createServer, Agent, type RequestOptions } from 'node:https';
import type { RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import tls from 'node:tls';
import { generate } from 'selfsigned';

/** An https service on loopback, to which the connections of this process lead. */
export interface TlsService {
  port: number;
  close(): Promise<void>;
}

/**
 * Starts an https service on loopback. Until it is closed, each https connection of this process leads to loopback,
 * whatever host it names, and trusts the certificate of this service alone.
 */
export async function startTlsService(listener: RequestListener): Promise<TlsService> {
  const { private: key, cert } = await generate([{ name: 'commonName', value: 'localhost' }]);
  const server = createServer({ key, cert }, listener);
  const port = await new Promise<number>((resolve) => {
    server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port));
  });
  const connections = jest
    .spyOn(Agent.prototype, 'createConnection')
    .mockImplementation((options: RequestOptions) =>
      tls.connect({ host: '127.0.0.1', port: Number(options.port), ca: cert, servername: 'localhost' }),
    );
  return {
    port,
    async close() {
      connections.mockRestore();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
