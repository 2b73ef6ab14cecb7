// quire token list: the tokens of a server, without what they say.

import { listTokens } from '../server/index.ts'
import { command } from './shared/command.ts'

export default command({
  args: { folder: { type: 'positional', required: true, description: 'Folder of the databases' } },
  examples: [['token list data', 'whose tokens there are, and what they open']],
  async run({ args, output }) {
    const tokens = listTokens(args.folder).map(({ id, name, scopes, created, expires }) => ({
      id,
      name,
      scopes: scopes
        .map(
          ({ access, database, namespace }) => `${access}:${database}${namespace === undefined ? '' : `/${namespace}`}`
        )
        .join(','),
      created,
      expires: expires ?? null
    }))
    if (output.isJson) for (const token of tokens) await output.value(token)
    else if (tokens.length > 0) await output.table(tokens)
  }
})
