/**
 * Three projects: `unit` runs in process; `flows` starts the built app in the local cloud and runs one file at a time;
 * `soak` (`npm run test:soak`) is a month of it.
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
  // A bound on what hangs, not a measure: signing keys and child processes are slow on a busy machine.
  testTimeout: 30_000,
};

module.exports = {
  // Only what runs in process is counted, so the bar is one of the unit project (scripts/test.mjs).
  coverageProvider: 'v8',
  collectCoverageFrom: ['shared/**/*.ts'],
  coverageReporters: [['text', { skipFull: true }], 'lcovonly'],
  // V8 sees no branches in a function that never ran: only the bar on lines shows that one is missing.
  coverageThreshold: { global: { branches: 95, lines: 95 } },
  projects: [
    {
      ...base,
      displayName: 'unit',
      testMatch: ['<rootDir>/tests/**/*.test.ts'],
      testPathIgnorePatterns: ['/node_modules/', '<rootDir>/tests/flows/', '<rootDir>/tests/soak/'],
    },
    { ...base, displayName: 'flows', testMatch: ['<rootDir>/tests/flows/**/*.test.ts'] },
    { ...base, displayName: 'soak', testMatch: ['<rootDir>/tests/soak/**/*.test.ts'] },
  ],
};
