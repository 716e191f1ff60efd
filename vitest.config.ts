import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['packages/*/test/**/*.test.ts', 'test/**/*.test.ts'],
    // A process for each file: tests start servers and browsers, and one that hangs or dies must not take others along.
    pool: 'forks',
    // Written for two cores: each file starts servers and browsers of its own.
    maxWorkers: 2,
    // A browser that stopped answering its driver says nothing of us: once more, with a new one.
    retry: { count: 1, condition: /protocolTimeout/ },
    expect: { poll: { timeout: 10_000 } },
    testTimeout: 30_000,
    hookTimeout: 60_000
  }
})
