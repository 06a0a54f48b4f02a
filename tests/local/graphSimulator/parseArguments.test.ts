import { parseArguments } from '../../../local/graphSimulator/parseArguments';

describe('the command line', () => {
  it('has the fixed ports of the local cloud by default', () => {
    expect(parseArguments([])).toEqual({
      options: { port: 7080, tokenPort: 7443, seed: 1, stopWithStdin: false },
    });
  });

  it('takes every option', () => {
    const args = '--port 0 --token-port 1 --seed 42 --app-id app --client-secret word --stop-with-stdin';
    expect(parseArguments(args.split(' '))).toEqual({
      options: { port: 0, tokenPort: 1, seed: 42, appId: 'app', clientSecret: 'word', stopWithStdin: true },
    });
  });

  it.each([[['--seed', '-1']], [['--port', '65536']], [['--unknown']], [['extra']]])('refuses %j', (args) => {
    expect(parseArguments(args)).toEqual({ problem: expect.stringContaining('Try --help.') as unknown });
  });
});
