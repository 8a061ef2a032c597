import { defineConfig } from 'vitest/config';

/** The dashboard in a real Chromium: `npm run test:browser`, which finds one. One file at a time: each has a browser and a node. */
export default defineConfig({
  test: {
    include: ['test/browser/**/*.test.ts'],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    pool: 'forks',
    fileParallelism: false,
  },
});
