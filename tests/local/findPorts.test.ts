import { createServer, type Server } from 'node:net';
import { freePort } from '../../local/findPorts';

function listen(port: number): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () => resolve(server));
  });
}

// Linux: net.ipv4.ip_local_port_range begins at 32768; macOS and Windows take what IANA calls dynamic, from 49152.
test.each([0, 0.5, 0.999999])('a free port is none that the system hands out by itself: %d', async (random) => {
  const port = await freePort(() => random);
  expect(port).toBeGreaterThanOrEqual(1024);
  expect(port).toBeLessThan(32_768);
  const server = await listen(port);
  await new Promise((resolve) => server.close(resolve));
});

test('a port that is taken is passed over', async () => {
  const taken = await freePort(() => 0.25);
  const server = await listen(taken);
  const drawn = [0.25, 0.25, 0.75];
  const port = await freePort(() => drawn.shift() ?? 0.9);
  expect(port).not.toBe(taken);
  await new Promise((resolve) => server.close(resolve));
});

test('when every port is taken the system error says so', async () => {
  const taken = await freePort(() => 0.4);
  const server = await listen(taken);
  await expect(freePort(() => 0.4)).rejects.toMatchObject({ code: 'EADDRINUSE' });
  await new Promise((resolve) => server.close(resolve));
});
