import { defineConfig } from 'vitest/config';

const common = {
  // Whole processes are started by some tests; two cores serve them and their clients. Only what hangs takes so long.
  testTimeout: 60_000,
  hookTimeout: 60_000,
  // What happens soon may take a busy machine longer than the second that Vitest gives it.
  expect: { poll: { timeout: 12_000 } },
  pool: 'forks' as const,
};

/** What `npm test` runs. Much of it waits: for servers to start, leases to end, clusters to fail over. */
const together = { maxWorkers: 3, sequence: { groupOrder: 0 } };

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          ...common,
          ...together,
          name: 'unit',
          include: ['test/unit/**/*.test.ts'],
          // A process and its imports for each of these small files would cost as much as the tests. vi.mock needs them: not here.
          isolate: false,
        },
      },
      {
        test: {
          ...common,
          ...together,
          name: 'tests',
          include: ['test/**/*.test.ts'],
          // Those have commands of their own: npm run scenario, test:node24, test:browser.
          exclude: ['test/unit/**', 'test/scenarios/**', 'test/image/**', 'test/browser/**'],
        },
      },
      {
        // What the Dockerfile makes, on the Node that it names.
        test: {
          ...common,
          name: 'image',
          include: ['test/image/*.test.ts'],
          sequence: { groupOrder: 1 },
        },
      },
      {
        // Whole regions under load: one at a time, with the machine to itself.
        test: {
          ...common,
          name: 'scenarios',
          include: ['test/scenarios/*.test.ts'],
          fileParallelism: false,
          sequence: { groupOrder: 2 },
        },
      },
    ],
  },
});
