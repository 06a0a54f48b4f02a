import { existsSync } from 'node:fs';
import { startGraphSimulator } from '../../../local/graphSimulator/startGraphSimulator';

describe('starting and closing', () => {
  it('listens on loopback and leaves no port and no file behind', async () => {
    const simulator = await startGraphSimulator();
    expect(simulator.graphUrl).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
    expect(simulator.controlUrl).toBe(`${simulator.graphUrl}/control`);
    expect(simulator.authorityUrl).toMatch(/^https:\/\/localhost:\d+$/);
    expect(existsSync(simulator.caFile)).toBe(true);
    await Promise.all([simulator.close(), simulator.close()]);
    expect(existsSync(simulator.caFile)).toBe(false);
    await expect(fetch(simulator.graphUrl)).rejects.toThrow();
  });

  it('names a taken port and the option to change it', async () => {
    const first = await startGraphSimulator();
    const port = Number(new URL(first.graphUrl).port);
    const tokenPort = Number(new URL(first.authorityUrl).port);
    await expect(startGraphSimulator({ port })).rejects.toThrow(
      `Port ${String(port)} is taken; choose another with --port.`,
    );
    await expect(startGraphSimulator({ tokenPort })).rejects.toThrow(
      `Port ${String(tokenPort)} is taken; choose another with --token-port.`,
    );
    await first.close();
  });
});
