import { createServer } from 'node:net';

/** A port of 127.0.0.1 that is free now. */
export function freePort(): Promise<number> {
  return tryListen(0);
}

/**
 * Makes sure that ports are free. Throws one error that names each taken one and what it is for.
 * @param ports what for -> port
 */
export async function requireFreePorts(ports: Readonly<Record<string, number>>): Promise<void> {
  const taken: string[] = [];
  for (const [purpose, port] of Object.entries(ports)) {
    await tryListen(port).catch((error: NodeJS.ErrnoException) => {
      taken.push(
        `port ${port} (${purpose}): ${error.code === 'EADDRINUSE' ? 'already in use' : error.message}`,
      );
    });
  }
  if (taken.length > 0) {
    throw new Error(`The local cloud cannot start. ${taken.join('; ')}. Stop what uses it and start again.`);
  }
}

function tryListen(port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () => {
      const address = server.address();
      const found = typeof address === 'object' && address !== null ? address.port : port;
      server.close(() => resolve(found));
    });
  });
}
