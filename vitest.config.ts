import { defineConfig } from 'vitest/config';

const node = { environment: 'node' as const, testTimeout: 20_000 };

/** Tests are split by what they need. Unit tests need nothing; with-models needs the starter models; conformance also needs third-party clients. */
export default defineConfig({
  test: {
    projects: [
      {
        test: {
          ...node,
          name: 'unit',
          globalSetup: ['tests/postgres-server.ts'],
          include: ['src/**/*.test.ts', 'sdk/**/*.test.ts', 'checks/**/*.test.ts', 'tests/{http,db,cli,docs,simulation}/**/*.test.ts', 'tests/chaos/money/auditor*.test.ts'],
        },
      },
      { test: { ...node, name: 'with-models', include: ['tests/with-models/**/*.test.ts'], testTimeout: 120_000, hookTimeout: 300_000, fileParallelism: false } },
      { test: { ...node, name: 'conformance', include: ['tests/conformance/**/*.test.ts'], testTimeout: 120_000, hookTimeout: 300_000, fileParallelism: false } },
      {
        test: {
          ...node,
          name: 'chaos',
          include: ['tests/{chaos,fuzz,soak}/**/*.test.ts'],
          exclude: ['tests/chaos/money/auditor*.test.ts'],
          testTimeout: 120_000,
          hookTimeout: 300_000,
          fileParallelism: false,
        },
      },
    ],
  },
});
