/**
 * The Jest reporter of scripts/test.mjs: one line for each finished file, then the failures of that file. Writes the
 * counts of the run and the failures as JSON to the file that TEST_COUNTS names.
 */
'use strict';

const { writeFileSync } = require('node:fs');
const { relative } = require('node:path');

module.exports = function createReporter({ rootDir }) {
  let done = 0;
  const failures = [];
  return {
    onRunStart({ numTotalTestSuites: files }) {
      console.log(`${process.env.TEST_PART}: ${files} ${files === 1 ? 'file' : 'files'}`);
    },
    onTestResult(
      _test,
      { testFilePath, perfStats, numFailingTests, testExecError, failureMessage, console: said },
      all,
    ) {
      done += 1;
      const seconds = ((perfStats.end - perfStats.start) / 1000).toFixed(1);
      const failed = numFailingTests > 0 || testExecError ? 'FAILED ' : '';
      const path = relative(rootDir, testFilePath).replaceAll('\\', '/');
      const total = all.numTotalTestSuites;
      console.log(`${`${done}`.padStart(`${total}`.length)}/${total} ${failed}${path} ${seconds} s`);
      for (const { message } of said ?? []) console.log(message);
      if (failureMessage) {
        console.log(failureMessage);
        failures.push(`${path}\n${failureMessage}`);
      }
    },
    onRunComplete(_contexts, results) {
      const counts = {
        passed: results.numPassedTests,
        // A file that could not be run has no failed test, and must count all the same.
        failed: results.numFailedTests + results.numRuntimeErrorTestSuites,
        skipped: results.numPendingTests + results.numTodoTests,
        failures,
      };
      writeFileSync(process.env.TEST_COUNTS, JSON.stringify(counts));
    },
    getLastError: () => undefined,
  };
};
