// How the TypeScript tests run: one process per test file, because a native addon is loaded once per process
// and a crash in it must be seen as that file's failure. Tests import the package by its own name, which here
// leads to its source; the addon is the built one (scripts/test.mjs builds it first).
import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'

export default defineConfig({
  resolve: {
    alias: [
      { find: /^quiredb$/, replacement: fileURLToPath(new URL('src/index.ts', import.meta.url)) },
      { find: /^quiredb\/(\w+)$/, replacement: fileURLToPath(new URL('src/$1/index.ts', import.meta.url)) }
    ]
  },
  test: {
    include: ['test/**/*.test.ts'],
    // They need a browser: scripts/test-console.mjs.
    exclude: ['test/browser/**'],
    pool: 'forks',
    testTimeout: 60_000,
    hookTimeout: 60_000
  }
})
