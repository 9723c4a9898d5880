import { defaultExclude, defineConfig } from 'vitest/config';

/** Rooms whose tests open no catalog: their files share two processes, which load the code once. */
const VALUES = [
  'architecture',
  'binding',
  'compile',
  'iceberg',
  'kinds',
  'model',
  'plan',
  'project',
  'report',
  'statements',
].map((room) => `test/${room}/**/*.test.ts`);

export default defineConfig({
  test: {
    projects: [
      { extends: true, test: { name: 'values', include: VALUES, isolate: false } },
      // A process for each file: DuckDB and the catalog of one test never meet those of another.
      {
        extends: true,
        test: { name: 'worlds', include: ['test/**/*.test.ts'], exclude: [...defaultExclude, ...VALUES] },
      },
    ],
    pool: 'forks',
    maxWorkers: 2,
    // What a statement returns is held against its header.
    env: { PSYBERG_CHECK_ROWS: '1' },
    testTimeout: 60_000,
    hookTimeout: 120_000,
  },
});
