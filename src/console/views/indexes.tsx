// The indexes of a collection: which there are, making and dropping them, and how queries use them.
//
// Promises: an index is made whole or not at all, and the view says so while it is made. Leaves to others: plans
// (explain.tsx).

import { useState } from 'preact/hooks'
import { ask, collectionPath, type JsonObject } from '../api.ts'
import { bytesText, countText } from '../format.ts'
import { useAction, useLoad, useShortcuts } from '../hooks.ts'
import { Choice, Confirm, FailureNote, Field, Form, Switch, TableHead, WideTable } from '../parts.tsx'
import { queryObject } from '../query-text.ts'
import { Explain } from './explain.tsx'

interface IndexInfo {
  readonly name: string
  readonly key: Readonly<Record<string, 1 | -1>>
  readonly unique?: boolean
  readonly sparse?: boolean
  readonly expireAfterSeconds?: number
  readonly partialFilterExpression?: JsonObject
  readonly entriesCount: number
  readonly bytes: number
}

/** The view. */
export function Indexes({ database, collection }: { database: string; collection: string }) {
  const path = collectionPath(database, collection)
  const indexes = useLoad(signal => ask<{ indexes: IndexInfo[] }>('GET', `${path}/indexes`, { signal }), [path])
  const [dropped, setDropped] = useState<string>()
  const drop = useAction(async (name: string) => {
    await ask('DELETE', `${path}/indexes/${encodeURIComponent(name)}`)
    setDropped(undefined)
    indexes.reload()
  })
  useShortcuts({ r: indexes.reload })
  return (
    <>
      <FailureNote failure={indexes.failure} />
      <section class="card">
        <h2>Indexes</h2>
        <WideTable label="Indexes">
          <TableHead names={['Name', 'Fields', 'Kind']} figures={['Entries', 'Size', 'Drop']} />
          <tbody>
            {(indexes.value?.indexes ?? []).map(one => (
              <IndexRow key={one.name} index={one} onDrop={() => setDropped(one.name)} />
            ))}
          </tbody>
        </WideTable>
      </section>
      <NewIndex path={path} onDone={indexes.reload} />
      <Explain path={path} />
      {dropped === undefined ? null : (
        <Confirm
          title={`Drop index ${dropped}?`}
          action="Drop it"
          failure={drop.failure}
          isRunning={drop.isRunning}
          onConfirm={() => void drop.run(dropped)}
          onClose={() => setDropped(undefined)}
        >
          Queries that use it will read more documents. It can be made again.
        </Confirm>
      )}
    </>
  )
}

/** What is special about an index, in words. */
function kindOf({ name, unique, sparse, expireAfterSeconds, partialFilterExpression }: IndexInfo): string {
  const words = [
    name === '_id_' ? 'of ids' : '',
    unique === true ? 'unique' : '',
    sparse === true ? 'sparse' : '',
    expireAfterSeconds === undefined ? '' : `expires after ${countText(expireAfterSeconds)} s`,
    partialFilterExpression === undefined ? '' : `where ${JSON.stringify(partialFilterExpression)}`
  ]
  return words.filter(word => word !== '').join(', ')
}

function IndexRow({ index, onDrop }: { index: IndexInfo; onDrop: () => void }) {
  const fields = Object.entries(index.key).map(([path, order]) => `${path} ${order === 1 ? '↑' : '↓'}`)
  return (
    <tr>
      <th scope="row" class="code">
        {index.name}
      </th>
      <td class="code">{fields.join(', ')}</td>
      <td>{kindOf(index)}</td>
      <td class="number">{countText(index.entriesCount)}</td>
      <td class="number">{bytesText(index.bytes)}</td>
      <td class="number">
        {index.name === '_id_' ? null : (
          <button type="button" class="button button-small button-danger" onClick={onDrop}>
            Drop<span class="sr-only"> index {index.name}</span>
          </button>
        )}
      </td>
    </tr>
  )
}

interface FieldRow {
  readonly path: string
  readonly order: '1' | '-1'
}
const FIRST_ROW: FieldRow = { path: '', order: '1' }
const ORDERS = [
  ['1', 'rising'],
  ['-1', 'falling']
] as const

/** Asks for a new index. */
function NewIndex({ path, onDone }: { path: string; onDone: () => void }) {
  const [rows, setRows] = useState<readonly FieldRow[]>([FIRST_ROW])
  const [isUnique, setIsUnique] = useState(false)
  const [isSparse, setIsSparse] = useState(false)
  const [seconds, setSeconds] = useState('')
  const [partialText, setPartialText] = useState('')
  const partial = queryObject(partialText)
  const isSecondsWrong = !/^\d{0,10}$/.test(seconds)
  const create = useAction(async () => {
    if (partial.problem !== undefined || isSecondsWrong) return
    const index = {
      key: Object.fromEntries(rows.filter(row => row.path !== '').map(row => [row.path, Number(row.order)])),
      ...(isUnique ? { unique: true } : {}),
      ...(isSparse ? { sparse: true } : {}),
      ...(seconds === '' ? {} : { expireAfterSeconds: Number(seconds) }),
      ...(partial.value === undefined ? {} : { partialFilterExpression: partial.value })
    }
    await ask('POST', `${path}/indexes`, { body: { indexes: [index] } })
    setRows([FIRST_ROW])
    onDone()
  })
  const change = (at: number, row: FieldRow) => setRows(rows.map((one, index) => (index === at ? row : one)))
  return (
    <section class="card">
      <h2>New index</h2>
      <Form class="stack" label="New index" onSubmit={() => void create.run()}>
        {rows.map((row, index) => (
          <div class="bar" key={index}>
            <Field
              label={`Field ${index + 1}`}
              class="field-wide"
              value={row.path}
              onInput={text => change(index, { ...row, path: text })}
              isCode
              isRequired={index === 0}
              placeholder="address.city"
            />
            <Choice
              label={`Order ${index + 1}`}
              value={row.order}
              options={ORDERS}
              onChange={order => change(index, { ...row, order })}
            />
          </div>
        ))}
        <div class="bar">
          <Field
            label="Only documents that match"
            class="field-wide"
            value={partialText}
            onInput={setPartialText}
            isCode
            placeholder='{"isOpen": true}'
            problem={partial.problem}
          />
          <Field
            label="Expire after seconds"
            value={seconds}
            onInput={setSeconds}
            placeholder="never"
            problem={isSecondsWrong ? 'A whole number of seconds' : undefined}
          />
        </div>
        <div class="actions">
          <Switch label="Unique" isOn={isUnique} onChange={setIsUnique} />
          <Switch label="Sparse" isOn={isSparse} onChange={setIsSparse} />
          <span class="grow" />
          <button type="button" class="button" onClick={() => setRows([...rows, FIRST_ROW])}>
            Add a field
          </button>
          <button type="submit" class="button button-main" disabled={create.isRunning || rows[0]?.path === ''}>
            {create.isRunning ? 'Making it…' : 'Make index'}
          </button>
        </div>
        <FailureNote failure={create.failure} />
      </Form>
    </section>
  )
}
