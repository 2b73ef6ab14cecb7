// Key-value stores: the entries of one by prefix, and what is done with a key.
//
// Promises: an entry is set or deleted as it was read where it was read (its version is the entity tag); what was set
// meanwhile is not overwritten. Leaves to others: stores (docs/KEY-VALUE.md).

import { useState } from 'preact/hooks'
import { ask, type Json, storePath, withQuery } from '../api.ts'
import { useCatalog } from '../catalog.ts'
import { countOf, longText, shortText, storeOf } from '../format.ts'
import { useAction, useLoad, useShortcuts } from '../hooks.ts'
import { checkJson } from '../json-check.ts'
import { JsonEditor } from '../json-editor.tsx'
import {
  Dialog,
  DialogEnd,
  Empty,
  FailureNote,
  Field,
  Form,
  Switch,
  TableHead,
  ViewHead,
  WideTable
} from '../parts.tsx'

const SHOWN_MAX = 100

interface Entry {
  readonly key: string
  readonly value: Json
  readonly version: number
  readonly expires?: Json
}
interface Asked {
  readonly store: string
  readonly namespace: string
  readonly prefix: string
}

/** The view. */
export function Keys({ database }: { database: string }) {
  const catalog = useCatalog()
  const [asked, setAsked] = useState<Asked>()
  const stores = (catalog.value?.collections ?? []).flatMap(({ name }) => storeOf(name) ?? [])
  const open = (store: string, namespace = '') => setAsked({ store, namespace, prefix: '' })
  return (
    <>
      <ViewHead title="Keys and values" />
      <StoreBar asked={asked} onAsk={setAsked} />
      {stores.length === 0 ? null : (
        <div class="actions">
          <span>Stores:</span>
          {stores.map(({ store, namespace }) => (
            <button
              type="button"
              class="button button-small"
              key={`${namespace}/${store}`}
              onClick={() => open(store, namespace)}
            >
              {namespace === undefined ? store : `${namespace} / ${store}`}
            </button>
          ))}
        </div>
      )}
      {asked === undefined ? (
        <Empty>Name a store. One that there is not is made by its first key.</Empty>
      ) : (
        <Entries database={database} asked={asked} key={`${asked.namespace}/${asked.store}`} />
      )}
    </>
  )
}

function StoreBar({ asked, onAsk }: { asked: Asked | undefined; onAsk: (asked: Asked) => void }) {
  const [typed, setTyped] = useState<Partial<Asked>>({})
  const now: Asked = { store: '', namespace: '', prefix: '', ...asked, ...typed }
  return (
    <Form
      class="bar"
      label="Which store"
      onSubmit={() => {
        setTyped({})
        onAsk(now)
      }}
    >
      <Field
        label="Store"
        value={now.store}
        onInput={store => setTyped({ ...typed, store })}
        isRequired
        placeholder="artists"
      />
      <Field
        label="Namespace of the store"
        value={now.namespace}
        onInput={namespace => setTyped({ ...typed, namespace })}
        placeholder="none"
      />
      <Field
        label="Keys that begin with"
        value={now.prefix}
        onInput={prefix => setTyped({ ...typed, prefix })}
        placeholder="all"
      />
      <div class="bar-actions">
        <button type="submit" class="button">
          Show
        </button>
      </div>
    </Form>
  )
}

function Entries({ database, asked }: { database: string; asked: Asked }) {
  const catalog = useCatalog()
  const { store, namespace, prefix } = asked
  const path = storePath(database, store)
  const [opened, setOpened] = useState<{ entry: Entry | undefined }>()
  const [behind, setBehind] = useState<readonly string[]>([])
  const found = useLoad(
    signal =>
      ask<{ entries: Entry[]; hasMore: boolean }>(
        'GET',
        withQuery(path, { namespace, prefix, after: behind.at(-1), limit: SHOWN_MAX }),
        { signal }
      ),
    [path, namespace, prefix, behind]
  )
  const entries = found.value?.entries ?? []
  useShortcuts({ n: () => setOpened({ entry: undefined }), r: found.reload })
  return (
    <>
      <div class="actions">
        <span class="hint" role="status">
          {countOf(entries.length, 'key')} shown
        </span>
        <span class="grow" />
        <button type="button" class="button button-main" onClick={() => setOpened({ entry: undefined })}>
          Set a key
        </button>
      </div>
      <FailureNote failure={found.failure} />
      {entries.length === 0 ? (
        <Empty>{found.isLoading ? 'Loading…' : 'There is no such key.'}</Empty>
      ) : (
        <EntryTable entries={entries} onOpen={entry => setOpened({ entry })} />
      )}
      <nav class="pager" aria-label="Pages">
        <button
          type="button"
          class="button"
          disabled={behind.length === 0}
          onClick={() => setBehind(behind.slice(0, -1))}
        >
          Before
        </button>
        <button
          type="button"
          class="button"
          disabled={found.value?.hasMore !== true}
          onClick={() => setBehind([...behind, entries.at(-1)?.key ?? ''])}
        >
          Next
        </button>
      </nav>
      {opened === undefined ? null : (
        <EntryDialog
          path={path}
          namespace={namespace}
          entry={opened.entry}
          onDone={() => {
            found.reload()
            catalog.reload()
          }}
          onClose={() => setOpened(undefined)}
        />
      )}
    </>
  )
}

function EntryTable({ entries, onOpen }: { entries: readonly Entry[]; onOpen: (entry: Entry) => void }) {
  return (
    <div class="card card-flush">
      <WideTable label="Keys">
        <TableHead names={['Key', 'Value', 'Expires']} figures={['Version']} />
        <tbody>
          {entries.map(entry => (
            <tr key={entry.key}>
              <th scope="row">
                <button type="button" class="link code" onClick={() => onOpen(entry)}>
                  <span class="sr-only">Edit </span>
                  {shortText(entry.key, 50)}
                </button>
              </th>
              <td class="cell code">{shortText(entry.value, 80)}</td>
              <td>{entry.expires === undefined ? 'never' : shortText(entry.expires)}</td>
              <td class="number">{entry.version}</td>
            </tr>
          ))}
        </tbody>
      </WideTable>
    </div>
  )
}

interface EntryDialogProps {
  readonly path: string
  readonly namespace: string
  /** What was read; undefined for a new key. */
  readonly entry: Entry | undefined
  readonly onDone: () => void
  readonly onClose: () => void
}

function EntryDialog({ path, namespace, entry, onDone, onClose }: EntryDialogProps) {
  const [key, setKey] = useState(entry?.key ?? '')
  const [text, setText] = useState(entry === undefined ? '""' : longText(entry.value))
  const [ttl, setTtl] = useState('')
  const [isAbsent, setIsAbsent] = useState(false)
  const checked = checkJson(text)
  const isTtlWrong = !/^(?:[1-9]\d{0,12})?$/.test(ttl)
  const keyPath = `${path}/${encodeURIComponent(key)}`
  const done = () => {
    onDone()
    onClose()
  }
  const set = useAction(async () => {
    if (checked.problem !== undefined || isTtlWrong) return
    const headers: Record<string, string> = {}
    if (entry !== undefined) headers['If-Match'] = `"${entry.version}"`
    else if (isAbsent) headers['If-None-Match'] = '*'
    await ask('PUT', withQuery(keyPath, { namespace, ttl }), { body: checked.value, headers })
    done()
  })
  const remove = useAction(async () => {
    await ask('DELETE', withQuery(keyPath, { namespace }))
    done()
  })
  return (
    <Dialog title={entry === undefined ? 'Set a key' : `Key ${shortText(entry.key, 40)}`} isWide onClose={onClose}>
      <Form onSubmit={() => void set.run()}>
        {entry === undefined ? <Field label="Key" value={key} onInput={setKey} isRequired isCode /> : null}
        <JsonEditor label="Value" text={text} onInput={setText} problem={checked.problem} rows={8} />
        <Field
          label="Time to live, in milliseconds"
          value={ttl}
          onInput={setTtl}
          placeholder="for ever"
          hint="An end that the key has is taken away unless one is given."
          problem={isTtlWrong ? 'A whole number from 1' : undefined}
        />
        {entry === undefined ? (
          <Switch label="Only when there is no such key" isOn={isAbsent} onChange={setIsAbsent} />
        ) : null}
        <FailureNote failure={set.failure ?? remove.failure} />
        <DialogEnd
          action="Set"
          isDisabled={set.isRunning || checked.problem !== undefined || key === ''}
          onClose={onClose}
        >
          {entry === undefined ? null : (
            <button
              type="button"
              class="button button-danger"
              disabled={remove.isRunning}
              onClick={() => void remove.run()}
            >
              Delete
            </button>
          )}
        </DialogEnd>
      </Form>
    </Dialog>
  )
}
