// quire serve: the databases of a folder over HTTP.
//
// Promises: the address is printed once it listens; Ctrl-C and SIGTERM take no more requests, finish those that are there
// and have everything on disk before it ends. Leaves to others: all of serving (../server); its log is pino's, on stderr.

import { once } from 'node:events'
import { serve } from '../server/index.ts'
import { command } from './shared/command.ts'
import { usageFailure } from './shared/failure.ts'
import { parseCount } from './shared/values.ts'

const LEVELS = ['silent', 'error', 'info'] as const

export default command({
  args: {
    folder: { type: 'positional', required: false, default: 'data', description: 'Folder of the databases' },
    port: { type: 'string', valueHint: 'number', description: 'Port, 0 for any that is free (8080)' },
    host: { type: 'string', valueHint: 'address', description: 'Address to listen at (127.0.0.1)' },
    certificate: { type: 'string', valueHint: 'path', description: 'Certificate chain (PEM), for HTTPS' },
    key: { type: 'string', valueHint: 'path', description: 'Its private key (PEM)' },
    shards: { type: 'string', valueHint: 'number', description: 'Files that each database is spread over (as it is)' },
    'log-level': { type: 'string', valueHint: LEVELS.join('|'), description: 'What is told on stderr (info)' }
  },
  examples: [
    ['serve data', 'on this machine alone, at http://127.0.0.1:8080'],
    [
      'serve data --host 0.0.0.0 --certificate cert.pem --key key.pem',
      'for others, who need tokens (quire token create)'
    ]
  ],
  endsItself: true,
  async run({ args, output, settings, signal }) {
    const { certificate, key } = args
    if ((certificate === undefined) !== (key === undefined)) throw usageFailure('--certificate and --key go together')
    const level = LEVELS.find(name => name === (args['log-level'] ?? 'info'))
    if (level === undefined) throw usageFailure(`--log-level must be one of ${LEVELS.join(', ')}`)
    const { default: pino } = await import('pino')
    const { durability: _, ...open } = settings.openOptions
    const server = await serve({
      folder: args.folder,
      ...(args.port === undefined ? {} : { port: parseCount(args.port, '--port') }),
      ...(args.host === undefined ? {} : { host: args.host }),
      ...(certificate === undefined || key === undefined ? {} : { tls: { certificate, key } }),
      ...(args.shards === undefined ? {} : { shards: parseCount(args.shards, '--shards') }),
      open,
      log: pino({ level }, pino.destination({ dest: 2, sync: true }))
    })
    try {
      await output.report({ url: server.url, folder: args.folder }, ({ url }) => `serving ${args.folder} at ${url}`)
      await output.flush()
      if (!signal.aborted) await once(signal, 'abort')
    } finally {
      await server.close()
    }
  }
})
