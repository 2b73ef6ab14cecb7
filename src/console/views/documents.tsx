// The documents of a collection: a filter, an order, pages, as a table or as JSON.
//
// Promises: a filter that is no JSON is not sent, and says where it is wrong; what is shown is what was asked last.
// Leaves to others: one document (document-dialog.tsx), how a query is done (explain.tsx).

import { useId, useState } from 'preact/hooks'
import { ask, collectionPath, type Json, type JsonObject } from '../api.ts'
import { useCatalog } from '../catalog.ts'
import { countText, isObject, longText, shortText } from '../format.ts'
import { useLoad, useShortcuts } from '../hooks.ts'
import { Choice, Empty, FailureNote, Field, Form, TableHead, WideTable } from '../parts.tsx'
import { queryObject } from '../query-text.ts'
import { DocumentDialog } from './document-dialog.tsx'

const SIZES = [25, 50, 100, 250] as const
const COLUMNS_MAX = 8

interface Query {
  readonly filter: JsonObject
  readonly sort: JsonObject | undefined
  readonly size: number
  readonly page: number
}
interface Found {
  readonly documents: readonly JsonObject[]
  readonly hasMore: boolean
}
type Layout = 'table' | 'json'

const FIRST: Query = { filter: {}, sort: undefined, size: SIZES[0], page: 0 }

/** The view. */
export function Documents({ database, collection }: { database: string; collection: string }) {
  const catalog = useCatalog()
  const path = collectionPath(database, collection)
  const [query, setQuery] = useState<Query>(FIRST)
  const [layout, setLayout] = useState<Layout>('table')
  const [opened, setOpened] = useState<{ id: Json | undefined }>()
  const { filter, sort, size, page } = query
  const found = useLoad(
    signal =>
      ask<Found>('POST', `${path}/find`, {
        body: { filter, limit: size, skip: page * size, ...(sort === undefined ? {} : { sort }) },
        signal
      }),
    [path, query]
  )
  const count = useLoad(
    signal => ask<{ count: number }>('POST', `${path}/count`, { body: { filter }, signal }),
    [path, filter, found.value]
  )
  const turn = (by: number) => {
    if (page + by >= 0 && (by < 0 || found.value?.hasMore === true)) setQuery({ ...query, page: page + by })
  }
  const insert = () => setOpened({ id: undefined })
  useShortcuts({ n: insert, r: found.reload, '[': () => turn(-1), ']': () => turn(1) })
  const documents = found.value?.documents ?? []
  return (
    <>
      <FilterBar query={query} layout={layout} onLayout={setLayout} onQuery={setQuery} onInsert={insert} />
      <FailureNote failure={found.failure} />
      {documents.length === 0 ? (
        <Empty>{found.isLoading ? 'Loading…' : 'No document matches.'}</Empty>
      ) : layout === 'table' ? (
        <DocumentTable documents={documents} onOpen={id => setOpened({ id })} />
      ) : (
        <DocumentCards documents={documents} onOpen={id => setOpened({ id })} />
      )}
      <Pager
        query={query}
        shownCount={documents.length}
        hasMore={found.value?.hasMore === true}
        count={count.value?.count}
        onTurn={turn}
      />
      {opened === undefined ? null : (
        <DocumentDialog
          path={path}
          id={opened.id}
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

interface FilterBarProps {
  readonly query: Query
  readonly layout: Layout
  readonly onLayout: (layout: Layout) => void
  readonly onQuery: (query: Query) => void
  readonly onInsert: () => void
}

function FilterBar({ query, layout, onLayout, onQuery, onInsert }: FilterBarProps) {
  const [filterText, setFilterText] = useState('')
  const [sortText, setSortText] = useState('')
  const [isTried, setIsTried] = useState(false)
  const formId = useId()
  const filter = queryObject(filterText)
  const sort = queryObject(sortText)
  useShortcuts({ '/': () => document.getElementById(formId)?.querySelector('input')?.focus() })
  const submit = () => {
    setIsTried(true)
    if (filter.problem !== undefined || sort.problem !== undefined) return
    onQuery({ ...query, filter: filter.value ?? {}, sort: sort.value, page: 0 })
  }
  return (
    <Form class="bar" id={formId} onSubmit={submit} label="Query">
      <Field
        label="Filter"
        class="field-wide"
        value={filterText}
        onInput={setFilterText}
        isCode
        placeholder='{"age": {"$gt": 30}}'
        problem={isTried ? filter.problem : undefined}
      />
      <Field
        label="Sort"
        value={sortText}
        onInput={setSortText}
        isCode
        placeholder='{"age": -1}'
        problem={isTried ? sort.problem : undefined}
      />
      <Choice
        label="Page size"
        value={String(query.size)}
        options={SIZES.map(size => [String(size), String(size)] as const)}
        onChange={size => onQuery({ ...query, size: Number(size), page: 0 })}
      />
      <Choice
        label="Show as"
        value={layout}
        options={[
          ['table', 'Table'],
          ['json', 'JSON']
        ]}
        onChange={onLayout}
      />
      <div class="bar-actions">
        <button type="submit" class="button">
          Find
        </button>
        <button type="button" class="button button-main" onClick={onInsert}>
          Insert
        </button>
      </div>
    </Form>
  )
}

interface ListProps {
  readonly documents: readonly JsonObject[]
  readonly onOpen: (id: Json) => void
}

/** Fields at the top of documents, those of more documents first met earlier. */
function columnsOf(documents: readonly JsonObject[]): string[] {
  const names = new Set(documents.flatMap(document => Object.keys(document)))
  names.delete('_id')
  return [...names].slice(0, COLUMNS_MAX)
}

function keyOf(document: JsonObject): string {
  return JSON.stringify(document['_id'])
}

function DocumentTable({ documents, onOpen }: ListProps) {
  const columns = columnsOf(documents)
  return (
    <div class="card card-flush">
      <WideTable label="Documents">
        <TableHead names={['_id', ...columns]} />
        <tbody>
          {documents.map(document => (
            <tr key={keyOf(document)}>
              <th scope="row">
                <OpenButton document={document} onOpen={onOpen} />
              </th>
              {columns.map(name => (
                <td key={name} class={typeof document[name] === 'number' ? 'number cell' : 'cell'}>
                  {isObject(document[name]) || Array.isArray(document[name]) ? (
                    <code>{shortText(document[name])}</code>
                  ) : (
                    shortText(document[name])
                  )}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </WideTable>
    </div>
  )
}

function OpenButton({ document, onOpen }: { document: JsonObject; onOpen: (id: Json) => void }) {
  const id = document['_id'] ?? null
  return (
    <button type="button" class="link code" onClick={() => onOpen(id)}>
      <span class="sr-only">Edit </span>
      {shortText(id, 30)}
    </button>
  )
}

function DocumentCards({ documents, onOpen }: ListProps) {
  return (
    <ul class="cards">
      {documents.map(document => (
        <li key={keyOf(document)} class="card">
          <OpenButton document={document} onOpen={onOpen} />
          <pre class="code">{longText(document)}</pre>
        </li>
      ))}
    </ul>
  )
}

interface PagerProps {
  readonly query: Query
  readonly shownCount: number
  readonly hasMore: boolean
  readonly count: number | undefined
  readonly onTurn: (by: number) => void
}

function Pager({ query: { page, size }, shownCount, hasMore, count, onTurn }: PagerProps) {
  const from = shownCount === 0 ? 0 : page * size + 1
  const all = count === undefined ? '' : ` of ${countText(count)}`
  return (
    <nav class="pager" aria-label="Pages">
      <button type="button" class="button" disabled={page === 0} onClick={() => onTurn(-1)}>
        Before
      </button>
      <span role="status">
        {countText(from)} to {countText(page * size + shownCount)}
        {all}
      </span>
      <button type="button" class="button" disabled={!hasMore} onClick={() => onTurn(1)}>
        Next
      </button>
    </nav>
  )
}
