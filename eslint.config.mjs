import tseslint from 'typescript-eslint';

/** A rule over the comments of a file. */
const commentRule = (message, isBad) => ({
  meta: { type: 'problem', schema: [] },
  create: (context) => ({
    Program() {
      for (const comment of context.sourceCode.getAllComments())
        if (isBad(comment.value)) context.report({ loc: comment.loc, message });
    },
  }),
});

const house = {
  rules: {
    'disable-with-reason': commentRule(
      'Say why the rule is off: eslint-disable-next-line <rule> -- <reason>',
      (text) => /^\s*eslint-disable/.test(text) && !/\s--\s+\S/.test(text),
    ),
    'no-coverage-ignore': commentRule('Coverage counts every branch: test this one, or delete it', (text) =>
      /^\s*(istanbul|c8|v8)\s+ignore/.test(text),
    ),
  },
};

export default tseslint.config(
  { ignores: ['dist/', 'coverage/', 'node_modules/', 'examples/*/dist/'] }, // Built, installed or measured: no source of ours.
  ...tseslint.configs.recommendedTypeChecked,
  {
    plugins: { house },
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    linterOptions: { reportUnusedDisableDirectives: 'error' },
    rules: {
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      eqeqeq: 'error',
      'no-console': 'error',
      'house/disable-with-reason': 'error',
      'house/no-coverage-ignore': 'error',
    },
  },
  // Programs speak on the terminal, those that tests start among them.
  {
    files: ['cli/**', 'local/**', 'bench/**', 'scripts/**', 'infra/**', 'examples/**', 'tests/fixtures/**'],
    rules: { 'no-console': 'off' },
  },
  // Plain JavaScript has no types to check against.
  { ...tseslint.configs.disableTypeChecked, files: ['**/*.{cjs,mjs}'] },
  // CommonJS has no import statement.
  { files: ['**/*.cjs'], rules: { '@typescript-eslint/no-require-imports': 'off' } },
);
