// Transactions tried out: a list of commands, done together or not at all, and what each of them gave.
//
// Promises: a failure says which command it was, and that nothing was done. Leaves to others: commands (docs/SERVER.md).

import { useState } from 'preact/hooks'
import { ask, databasePath, type Json, type JsonObject } from '../api.ts'
import { useCatalog } from '../catalog.ts'
import { isObject, longText } from '../format.ts'
import { useAction } from '../hooks.ts'
import { checkJson } from '../json-check.ts'
import { JsonEditor } from '../json-editor.tsx'
import { Choice, FailureNote, Form, ViewHead } from '../parts.tsx'

const EXAMPLES = {
  move: [
    { op: 'put', collection: 'accounts', document: { _id: 'a', sum: 100 } },
    { op: 'put', collection: 'accounts', document: { _id: 'b', sum: 0 } },
    { op: 'updateOne', collection: 'accounts', filter: { _id: 'a' }, update: { $inc: { sum: -5 } } },
    { op: 'updateOne', collection: 'accounts', filter: { _id: 'b' }, update: { $inc: { sum: 5 } } },
    { op: 'find', collection: 'accounts', filter: {} }
  ],
  keys: [
    { op: 'kv', store: 'counters', operation: { op: 'increment', key: 'visits' } },
    { op: 'kv', store: 'counters', operation: { op: 'set', key: 'last', value: 'today' } },
    { op: 'kv', store: 'counters', operation: { op: 'get', key: 'visits' } }
  ],
  refused: [
    { op: 'insert', collection: 'accounts', document: { _id: 'c', sum: 1 } },
    { op: 'delete', collection: 'accounts', id: 'a', ifMatch: '"of another document"' }
  ]
} as const
type Example = keyof typeof EXAMPLES
const EXAMPLE_NAMES = [
  ['move', 'Move a sum from one account to another'],
  ['keys', 'Count in a store'],
  ['refused', 'Fail, and undo all of it']
] as const

/** The view. */
export function Transactions({ database }: { database: string }) {
  const catalog = useCatalog()
  const [example, setExample] = useState<Example>('move')
  const [text, setText] = useState(() => longText(EXAMPLES.move))
  const [done, setDone] = useState<{ commands: readonly Json[]; results: readonly Json[] }>()
  const checked = checkJson(text)
  const run = useAction(async () => {
    if (checked.problem !== undefined) return
    setDone(undefined)
    const commands = Array.isArray(checked.value) ? checked.value : [checked.value]
    const { results } = await ask<{ results: Json[] }>('POST', `${databasePath(database)}/transactions`, {
      body: { commands }
    })
    setDone({ commands, results })
    catalog.reload()
  })
  return (
    <>
      <ViewHead title="Transactions" />
      <Form class="card" label="Transaction" onSubmit={() => void run.run()}>
        <Choice
          label="Begin with"
          value={example}
          options={EXAMPLE_NAMES}
          onChange={name => {
            setExample(name)
            setText(longText(EXAMPLES[name]))
          }}
        />
        <JsonEditor label="Commands" text={text} onInput={setText} problem={checked.problem} rows={14} />
        <div class="actions actions-end">
          <button type="submit" class="button button-main" disabled={run.isRunning || checked.problem !== undefined}>
            Do all of them, or none
          </button>
        </div>
        {run.failure === undefined ? null : (
          <>
            <FailureNote failure={run.failure} />
            <p>Nothing was done.</p>
          </>
        )}
      </Form>
      {done === undefined ? null : (
        <section class="card">
          <h2>Results</h2>
          <ol class="feed" aria-label="Results">
            {done.results.map((result, index) => (
              <li key={index}>
                <b class="code">{nameOf(done.commands[index])}</b>
                <pre class="code">{longText(result)}</pre>
              </li>
            ))}
          </ol>
        </section>
      )}
    </>
  )
}

function nameOf(command: Json | undefined): string {
  if (!isObject(command)) return ''
  const { op, collection, store } = command as JsonObject
  return `${op} ${collection ?? store ?? ''}`
}
