import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // Whole processes are started by some tests; two cores serve them and their clients.
    testTimeout: 30_000,
    hookTimeout: 60_000,
    pool: 'forks',
  },
});
