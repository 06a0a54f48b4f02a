/**
 * Seven projects, run by scripts/test.mjs. `unit` runs in process. `local` tests the stand-ins of `local/`, and what needs
 * them or another process. `flows` starts the built app in the local cloud. `timing` is the flows that measure time, which
 * run one at a time. `browser` opens the console in a browser. `soak` simulates a month. `dotnet` builds and runs the example consumer in .NET.
 */
const base = {
  rootDir: __dirname,
  testEnvironment: 'node',
  transform: {
    '^.+\\.[cm]?[jt]s$': [
      '@swc/jest',
      {
        jsc: { parser: { syntax: 'typescript' }, target: 'es2022' },
        module: { type: 'commonjs' },
        sourceMaps: 'inline',
      },
    ],
  },
  // jose ships ES modules only, which Jest on Node 20 cannot load untransformed.
  transformIgnorePatterns: ['/node_modules/(?!jose/)'],
  modulePathIgnorePatterns: ['<rootDir>/dist/'],
  // Only for tests that hang. Signing keys and child processes are slow on a busy machine.
  testTimeout: 30_000,
};

/** Tests outside tests/local that start a process. */
const startsProcesses = [
  'tests/documentedBlocks.test.ts',
  'tests/contracts/azurite.test.ts',
  'tests/cli/run.test.ts',
  'tests/infra/setup.test.ts',
  'tests/standInForCurl.test.ts',
].map((path) => `<rootDir>/${path}`);

/** Flows that assert on durations, or on the order of events in time. Another flow beside them would change both. */
const measuresTime = [
  'demo',
  'flood',
  'hangingTenant',
  'outages',
  'reconciliation',
  'renewals',
  'sideBySide',
  'throttling',
  'webhook',
].map((name) => `<rootDir>/tests/flows/${name}.test.ts`);

module.exports = {
  // Node takes up to 0.6 s to release the 400 MB of a worker without open handles, and Jest warns after 0.5 s by default.
  workerGracefulExitTimeout: 3_000,
  // Coverage is counted in this process only, so the bar applies to the `unit` project (scripts/test.mjs).
  coverageProvider: 'v8',
  collectCoverageFrom: ['shared/**/*.ts'],
  coverageReporters: [['text', { skipFull: true }], 'lcovonly'],
  // V8 reports no branches of a function that never ran. The bar on lines covers those.
  coverageThreshold: { global: { branches: 95, lines: 95 } },
  projects: [
    {
      ...base,
      displayName: 'unit',
      testMatch: ['<rootDir>/tests/**/*.test.ts'],
      testPathIgnorePatterns: [
        '/node_modules/',
        '<rootDir>/tests/(local|flows|browser|soak|dotnet)/',
        ...startsProcesses,
      ],
    },
    {
      ...base,
      displayName: 'local',
      testMatch: ['<rootDir>/tests/local/**/*.test.ts', ...startsProcesses],
    },
    {
      ...base,
      displayName: 'flows',
      testMatch: ['<rootDir>/tests/flows/**/*.test.ts'],
      testPathIgnorePatterns: ['/node_modules/', ...measuresTime],
    },
    { ...base, displayName: 'timing', testMatch: measuresTime },
    { ...base, displayName: 'browser', testMatch: ['<rootDir>/tests/browser/**/*.test.ts'] },
    { ...base, displayName: 'soak', testMatch: ['<rootDir>/tests/soak/**/*.test.ts'] },
    { ...base, displayName: 'dotnet', testMatch: ['<rootDir>/tests/dotnet/**/*.test.ts'] },
  ],
};
