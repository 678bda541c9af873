import { defineConfig } from 'vitest/config';

/** Tests parse as the fleet does. */
const setupFiles = ['./ops/platform/compiled-schemas.ts'];
const elsewhere = ['**/node_modules/**', '.patchbay/**', 'coverage/**'];

/**
 * `unit`: pure or self-contained, part of `npm run check`. `int`: against the real PostgreSQL and RabbitMQ that
 * `npm test` brings up. `faults`: on services of its own. Two workers for two cores: more of them only wait for each other's broker.
 */
export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          setupFiles,
          include: ['**/*.test.ts'],
          exclude: [...elsewhere, '**/*.int.test.ts'],
          // Models play many lives: seconds on idle cores, several times that on busy ones.
          testTimeout: 60_000,
        },
      },
      {
        test: {
          name: 'int',
          setupFiles,
          include: ['**/*.int.test.ts'],
          exclude: [...elsewhere, 'ops/verify/faults/**'],
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      {
        test: {
          name: 'faults',
          setupFiles,
          include: ['ops/verify/faults/**/*.int.test.ts'],
          exclude: elsewhere,
          // After all others: a dozen processes that are killed and started leave nobody else a core.
          sequence: { groupOrder: 1 },
        },
      },
    ],
    maxWorkers: 2,
  },
});
