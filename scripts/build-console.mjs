// Builds the web console (src/console) into dist/console: one page, one script, one style sheet.
//
// Promises: nothing of it is loaded from elsewhere; files but the page carry a hash of their content in their names.
// Leaves to others: serving it (src/server/console-files.ts), checking its types (src/console/tsconfig.json).

import { fileURLToPath } from 'node:url'
import { build } from 'vite'

const ROOT = fileURLToPath(new URL('..', import.meta.url))

await build({
  configFile: false,
  root: `${ROOT}src/console`,
  base: '/console/',
  logLevel: 'warn',
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  build: {
    outDir: `${ROOT}dist/console`,
    emptyOutDir: true,
    // Beside the page: the server serves one folder without any below it.
    assetsDir: '',
    // A data: URL would be needless to allow.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    target: 'es2022'
  }
})
