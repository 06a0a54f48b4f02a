import { join } from 'node:path';
import { ROOT, startFlow, type Flow } from '../support/startFlow';
import { CONSUMED, tryConsumer } from '../support/tryConsumer';

describe('examples/consumer-typescript', () => {
  let flow: Flow;
  beforeAll(async () => {
    flow = await startFlow();
  }, 60_000);
  afterAll(() => flow.stop(), 30_000);

  it('processes a repeated event once, moves what fails to the poison queue, and stops cleanly', async () => {
    const main = join(ROOT, 'dist', 'examples', 'consumer-typescript', 'main.mjs');
    expect(await tryConsumer(flow, { args: [main] })).toEqual(CONSUMED);
  }, 60_000);
});
