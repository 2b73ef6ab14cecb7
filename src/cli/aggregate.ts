// quire aggregate: the results of a pipeline, one a line.
//
// Promises: results are printed as they come. A pipeline with $out or $merge writes.

import type { Document, PipelineStage } from '../index.ts'
import { COLLECTION, command, FILE } from './shared/command.ts'
import { withDatabase } from './shared/databases.ts'
import { textOf } from './shared/input.ts'
import { parseArray } from './shared/values.ts'

export default command({
  args: {
    file: FILE,
    collection: COLLECTION,
    pipeline: { type: 'positional', required: false, description: 'Its stages as a JSON array; -: standard input' },
    explain: { type: 'boolean', description: 'Print how it would run' },
    pretty: { type: 'boolean', description: 'Indent the JSON' },
    table: { type: 'boolean', description: 'Print a table; for few results' }
  },
  examples: [
    [
      'aggregate app.quire users \'[{"$group": {"_id": "$city", "people": {"$sum": 1}}}]\' --table',
      'how many people each city has'
    ],
    ['aggregate app.quire users - < pipeline.json', 'a pipeline from a file']
  ],
  endsItself: true,
  async run({ args, output, settings, signal }) {
    const pipeline = parseArray(await textOf(args.pipeline, 'the pipeline'), 'the pipeline') as PipelineStage[]
    const writes = pipeline.some(stage => '$out' in Object(stage) || '$merge' in Object(stage))
    await withDatabase(args.file, writes ? 'write' : 'read', settings, async database => {
      const results = database.collection<Document>(args.collection).aggregate<Document>(pipeline)
      if (args.explain) return output.value(results.explain(), !output.isJson)
      if (args.table && !output.isJson) return output.table(results.toArray())
      for (const result of results) {
        signal.throwIfAborted()
        await output.value(result, args.pretty)
      }
    })
  }
})
