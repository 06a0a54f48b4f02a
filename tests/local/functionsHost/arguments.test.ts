import { parseArguments } from '../../../local/functionsHost/arguments';

test('port 7071 as in Core Tools, a lease of 600 s and unchecked keys are the defaults', () => {
  expect(parseArguments(['--root', 'app'])).toEqual({
    root: 'app',
    port: 7071,
    settings: undefined,
    messageLeaseSeconds: 600,
    functionKey: undefined,
    hostId: undefined,
    stopWithStdin: false,
    help: false,
  });
});

test('values may follow their option or an equals sign, also values that begin with a dash', () => {
  const options = parseArguments([
    '--root=app',
    '--port',
    '0',
    '--settings=none',
    '--function-key',
    'k=1',
    '--host-id=-a',
  ]);
  expect(options).toMatchObject({ root: 'app', port: 0, settings: 'none', functionKey: 'k=1', hostId: '-a' });
});

test.each([
  [['--root', 'a', '--prot', '1'], "Unknown option '--prot'"],
  [['--root', 'a', 'stray'], "Unexpected argument 'stray'"],
  [['--root'], "Option '--root <value>' argument missing"],
  [['--root='], "Option '--root' needs a value"],
  [[], "Option '--root' is missing"],
  [['--root', 'a', '--port', '70000'], `Option '--port' must be a whole number from 0 to 65535, got "70000"`],
  [['--root', 'a', '--message-lease-seconds', '1.5'], "Option '--message-lease-seconds' must be a whole number"],
])('%j is refused with words that name the option', (args, message) => {
  expect(() => parseArguments(args)).toThrow(
    expect.objectContaining({ code: 'usage', message: expect.stringContaining(message) as string }) as Error,
  );
});

test('--help needs nothing else', () => {
  expect(parseArguments(['--help']).help).toBe(true);
});
