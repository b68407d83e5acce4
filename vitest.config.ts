import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    projects: [
      // Pure tests leave nothing behind: a process for each file would take ten times as long as they do.
      { test: { name: 'unit', include: ['test/unit/**/*.test.ts'], isolate: false, pool: 'threads' } },
      {
        // Not that others' packages come without their source maps.
        logLevel: 'error',
        test: {
          name: 'integration',
          include: ['test/integration/**/*.test.ts'],
          testTimeout: 60_000,
          hookTimeout: 600_000,
          // The longest wait for a network to be silent: another file runs meanwhile, also where there are two CPUs.
          maxWorkers: 2,
          sequence: { groupOrder: 1 },
          // It imports JSON in a way that Node 20 does not know.
          server: { deps: { inline: [/@actions\/workflow-parser/] } },
        },
      },
      {
        test: {
          name: 'e2e',
          include: ['test/e2e/**/*.test.ts'],
          testTimeout: 120_000,
          hookTimeout: 1_800_000,
          // Each test boots a machine of its own; two at a time would only slow each other down and blur the time limits. What
          // waits more than it works says that it may stand beside another (test.concurrent).
          fileParallelism: false,
          maxConcurrency: 2,
          sequence: { groupOrder: 2 },
        },
      },
    ],
  },
});
