import { defineConfig } from 'vitest/config';
import common from './vitest.config.ts';

/** `npm run test:whole`: what `npm test` has no time for. Continuous integration runs both. */
const { projects: _, ...shared } = common.test ?? {};

export default defineConfig({
  test: {
    ...shared,
    // One with five sessions over a store and a catalog of their own took 75 s on a busy machine (2026-11-30).
    testTimeout: 180_000,
    include: ['test/**/*.whole.ts'],
    globalSetup: ['test/interop/spark/shared.ts'],
  },
});
