// quire token revoke: takes a token of a server back.
//
// Promises: a server that runs refuses it within a second.

import { revokeToken } from '../server/index.ts'
import { command } from './shared/command.ts'
import { notFound } from './shared/failure.ts'

export default command({
  args: {
    folder: { type: 'positional', required: true, description: 'Folder of the databases' },
    id: { type: 'positional', required: true, description: 'The id of the token, as token list tells it' }
  },
  examples: [['token revoke data 0123456789ab', 'it opens nothing any more']],
  async run({ args, output }) {
    if (!revokeToken(args.folder, args.id)) throw notFound(`there is no token ${args.id}`)
    await output.report({ revoked: args.id }, ({ revoked }) => `revoked ${revoked}`)
  }
})
