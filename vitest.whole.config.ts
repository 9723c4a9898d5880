import { defineConfig } from 'vitest/config';
import common from './vitest.config.ts';

/** `npm run test:whole`: what `npm test` has no time for. Continuous integration runs both. */
export default defineConfig({
  test: {
    ...common.test,
    include: ['test/**/*.whole.ts'],
    globalSetup: ['test/interop/spark/shared.ts'],
  },
});
