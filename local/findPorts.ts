import { createServer } from 'node:net';

/**
 * Under what systems hand out by themselves (Linux from 32,768, others from 49,152): an outgoing connection or somebody's
 * `listen(0)` would now and then take such a port between our look and its use.
 */
const LOWEST_PORT = 20_000;
const HIGHEST_PORT = 32_767;
const MOST_LOOKS = 50;

/**
 * A port of 127.0.0.1 that is free now, and stays so but for somebody who asks for this very one.
 *
 * @param random 0 inclusive to 1 exclusive
 * @throws the last system error when no port could be listened on
 */
export async function freePort(random: () => number = Math.random): Promise<number> {
  for (let looks = 1; ; looks += 1) {
    const port = LOWEST_PORT + Math.floor(random() * (HIGHEST_PORT - LOWEST_PORT + 1));
    try {
      return await tryListen(port);
    } catch (error) {
      if (looks === MOST_LOOKS) throw error;
    }
  }
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
