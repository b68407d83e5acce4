// All tests, with the one closing line that CI reads: "N passed, N failed, N skipped".
import { readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { $ } from 'zx';

$.verbose = true;
const report = join(tmpdir(), `eulab-test-${process.pid}.json`);

const check = await $({ nothrow: true, stdio: 'inherit' })`node scripts/check.mjs`;
const tests = await $({
  nothrow: true,
  stdio: 'inherit',
})`npx --no-install vitest run --project integration --project e2e --reporter=default --reporter=json --outputFile.json=${report}`;

let counts = { numPassedTests: 0, numFailedTests: 1, numPendingTests: 0, testResults: [] };
try {
  counts = JSON.parse(readFileSync(report, 'utf8'));
} catch {
  console.log('vitest left no report');
}
rmSync(report, { force: true });
const passed = counts.numPassedTests + (check.exitCode === 0 ? 1 : 0);
// A file that cannot be loaded fails without a test of its own.
const failed = Math.max(counts.numFailedTests, tests.exitCode === 0 ? 0 : 1) + (check.exitCode === 0 ? 0 : 1);
// Once more at the end, where whoever sees only that finds them.
for (const failure of failures(counts.testResults)) console.log(failure);
console.log(`${passed} passed, ${failed} failed, ${counts.numPendingTests} skipped`);
process.exitCode = failed === 0 ? 0 : 1;

/** A line for each test that failed and each file that could not be run, with the first line of its reason. */
function failures(files) {
  const line = (what, why) => `failed: ${what}: ${why?.trim().split('\n')[0] || 'see above'}`;
  return files.flatMap(({ name, status, message, assertionResults }) => {
    const file = relative(process.cwd(), name);
    const failed = assertionResults.filter((test) => test.status === 'failed');
    if (status === 'failed' && failed.length === 0) return [line(file, message)];
    return failed.map((test) => line(`${file}: ${test.fullName}`, test.failureMessages[0]));
  });
}
