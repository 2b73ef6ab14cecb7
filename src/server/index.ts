// The door of the server: `import { serve } from 'quiredb/server'`.
//
// Promises: the package itself never loads it, so an embedded database does not pay for it. Leaves to others: what a
// request does (routes/), docs/SERVER.md for its users.

export type { Limits, ServeOptions, ServerLog, TlsFiles } from './options.ts'
export type { Problem, ProblemIssue, ServerCode } from './problems.ts'
export { type RunningServer, serve } from './serve.ts'
export { createToken, listTokens, revokeToken, type TokenRecord, type TokenRequest, type TokenScope } from './tokens.ts'
