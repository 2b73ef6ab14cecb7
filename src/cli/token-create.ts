// quire token create: a token that opens databases of a server.
//
// Promises: the token is printed once and kept nowhere; a server that runs takes it within a second.

import { createToken, type TokenScope } from '../server/index.ts'
import { command } from './shared/command.ts'
import { usageFailure } from './shared/failure.ts'
import { parseTime } from './shared/units.ts'

/** A scope as the command line tells it: `access`, `access:database` or `access:database/namespace`. */
function parseScope(text: string): TokenScope {
  const [, access, database = '*', namespace] = /^(read|write|admin)(?::([^/]+)(?:\/(.+))?)?$/.exec(text) ?? []
  if (access === undefined) throw usageFailure(`${text} is no scope; it is like read, write:main or read:main/google`)
  return { access: access as TokenScope['access'], database, ...(namespace === undefined ? {} : { namespace }) }
}

export default command({
  args: {
    folder: { type: 'positional', required: true, description: 'Folder of the databases' },
    name: { type: 'positional', required: true, description: 'Whose it is' },
    scopes: {
      type: 'positional',
      required: true,
      description:
        'What it opens: read, write or admin, of all databases, or write:DATABASE or write:DATABASE/NAMESPACE; more than one with commas'
    },
    expires: {
      type: 'string',
      valueHint: 'time',
      description: 'How long it opens anything, such as 30d; for ever without it'
    }
  },
  examples: [
    ['token create data ada admin', 'a token for everything'],
    ['token create data app write:main,read:archive --expires 90d', 'for two databases, for ninety days']
  ],
  async run({ args, output }) {
    const scopes = args.scopes.split(',').map(parseScope)
    const expires =
      args.expires === undefined ? {} : { expires: new Date(Date.now() + parseTime(args.expires, '--expires')) }
    const { token, record } = createToken(args.folder, { name: args.name, scopes, ...expires })
    await output.report({ token, id: record.id }, made => made.token)
  }
})
