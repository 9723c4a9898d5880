import { defineConfig } from 'vitest/config';

/** `npm run test:spark`: Spark as a client. Apart from `npm test`, because it downloads 300 MB. */
export default defineConfig({
  test: {
    include: ['test/interop/spark/**/*.spark.ts'],
    pool: 'forks',
    // Each file starts a Spark of its own.
    maxWorkers: 1,
    testTimeout: 600_000,
    hookTimeout: 600_000,
  },
});
