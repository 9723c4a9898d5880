import { defineConfig } from 'vitest/config';
import common from './vitest.config.ts';

/** `npm run test:whole`: what `npm test` has no time for. Continuous integration runs both. */
export default defineConfig({
  test: {
    ...common.test,
    // Sessions over stores and catalogs of other processes: 25 s on a quiet machine were 75 on a busy one.
    testTimeout: 180_000,
    include: ['test/**/*.whole.ts'],
    globalSetup: ['test/interop/spark/shared.ts'],
  },
});
