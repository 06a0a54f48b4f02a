import { createServer } from 'node:net';

/**
 * Below the ports that systems hand out (Linux from 32,768, others from 49,152). An outgoing connection or a `listen(0)`
 * could take such a port between the check and its use.
 */
const LOWEST_PORT = 20_000;
const HIGHEST_PORT = 32_767;
const MOST_ATTEMPTS = 50;

/**
 * A port of 127.0.0.1 that is free now and that the system does not hand out.
 *
 * @param random 0 inclusive to 1 exclusive
 * @throws the last system error if no port could be listened on
 */
export async function freePort(random: () => number = Math.random): Promise<number> {
  for (let attempt = 1; ; attempt += 1) {
    const port = LOWEST_PORT + Math.floor(random() * (HIGHEST_PORT - LOWEST_PORT + 1));
    try {
      await tryListen(port);
      return port;
    } catch (error) {
      if (attempt === MOST_ATTEMPTS) throw error;
    }
  }
}

/**
 * Checks that ports are free. Throws one error that names each taken port and its purpose.
 * @param ports purpose -> port
 */
export async function requireFreePorts(ports: Readonly<Record<string, number>>): Promise<void> {
  const taken: string[] = [];
  for (const [purpose, port] of Object.entries(ports)) {
    await tryListen(port).catch(({ code, message }: NodeJS.ErrnoException) => {
      taken.push(`port ${port} (${purpose}): ${code === 'EADDRINUSE' ? 'already in use' : message}`);
    });
  }
  if (taken.length > 0)
    throw new Error(`The local cloud cannot start. ${taken.join(', ')}. Stop what uses it and start again.`);
}

function tryListen(port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () => server.close(() => resolve()));
  });
}
