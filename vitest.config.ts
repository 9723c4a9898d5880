import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // A process for each file: DuckDB and the catalog of one test never meet those of another.
    pool: 'forks',
    maxWorkers: 2,
    // What a statement returns is held against its header.
    env: { PSYBERG_CHECK_ROWS: '1' },
    testTimeout: 60_000,
    hookTimeout: 120_000,
  },
});
