// A database as a whole: its figures, its collections with their counts and sizes, and what keeps it in order.
//
// Promises: what cannot be undone is asked about first. Leaves to others: single collections (collection.tsx), sizes over
// time (activity.tsx).

import { useRef, useState } from 'preact/hooks'
import type { CheckReport, CollectionInfo, CompactReport, Stats } from '../../stats.ts'
import { ask, collectionPath, databasePath, Failure, send } from '../api.ts'
import { useCatalog } from '../catalog.ts'
import { saveFile } from '../download.ts'
import { bytesText, countOf, countText, percentText } from '../format.ts'
import { useAction, useLoad, useShortcuts } from '../hooks.ts'
import {
  Confirm,
  Dialog,
  DialogEnd,
  Empty,
  FailureNote,
  Field,
  Figure,
  Form,
  TableHead,
  ViewHead,
  WideTable
} from '../parts.tsx'
import { collectionHref, go, viewHref } from '../route.ts'
import { useShards } from '../shards.ts'

const PAGE_BYTES = 4096

type Asked = 'collection' | 'database' | undefined

/** The view. */
export function Overview({ database }: { database: string }) {
  const catalog = useCatalog()
  // A token of one namespace does not open them, and is not going to.
  const refusal = useRef<unknown>(undefined)
  const stats = useLoad(
    async signal => {
      if (refusal.current !== undefined) throw refusal.current
      try {
        return await ask<Stats>('GET', databasePath(database), { signal })
      } catch (error) {
        if (error instanceof Failure && error.status === 403) refusal.current = error
        throw error
      }
    },
    [database, catalog.value]
  )
  const [asked, setAsked] = useState<Asked>()
  useShortcuts({ r: catalog.reload })
  const collections = catalog.value?.collections ?? []
  const close = () => setAsked(undefined)
  const makeCollection = async (name: string) => {
    await ask('PUT', collectionPath(database, name), { body: {} })
    catalog.reload()
    return collectionHref(database, name)
  }
  const makeDatabase = async (name: string) => {
    await ask('PUT', databasePath(name))
    return viewHref(name)
  }
  return (
    <>
      <ViewHead title={<>Database {database}</>}>
        <button type="button" class="button" onClick={() => setAsked('database')}>
          New database
        </button>
        <button type="button" class="button button-main" onClick={() => setAsked('collection')}>
          New collection
        </button>
      </ViewHead>
      <FailureNote failure={catalog.failure} />
      {stats.value === undefined ? (
        <FailureNote failure={stats.failure} />
      ) : (
        <Figures stats={stats.value} collections={collections} />
      )}
      <Collections database={database} collections={collections} isLoading={catalog.isLoading} />
      <ShardTable database={database} />
      <Care database={database} onDone={catalog.reload} />
      {asked === 'collection' ? (
        <NewDialog title="New collection" hint="In a namespace: shop/orders" make={makeCollection} onClose={close} />
      ) : null}
      {asked === 'database' ? (
        <NewDialog title="New database" hint="Letters, digits, _, - and ." make={makeDatabase} onClose={close} />
      ) : null}
    </>
  )
}

function Figures({ stats, collections }: { stats: Stats; collections: readonly CollectionInfo[] }) {
  const documentsCount = collections.reduce((sum, { documentsCount }) => sum + documentsCount, 0)
  const { pagesCount, freePagesCount } = stats
  return (
    <dl class="figures">
      <Figure name="Documents" value={countText(documentsCount)} note={countOf(collections.length, 'collection')} />
      <Figure
        name="File"
        value={bytesText(pagesCount * PAGE_BYTES)}
        note={`${percentText(freePagesCount, pagesCount)} of it free`}
      />
      <Figure name="Log" value={bytesText(stats.logBytes)} note="that a recovery would read" />
      <Figure
        name="Cache"
        value={bytesText(stats.cacheBytes)}
        note={`${bytesText(stats.dirtyBytes)} not in the file yet`}
      />
      <Figure
        name="Commits"
        value={countText(stats.commitsCount)}
        note={`since opening; ${countOf(stats.checkpointsCount, 'checkpoint')}`}
      />
    </dl>
  )
}

interface CollectionsProps {
  readonly database: string
  readonly collections: readonly CollectionInfo[]
  readonly isLoading: boolean
}

function Collections({ database, collections, isLoading }: CollectionsProps) {
  if (collections.length === 0) {
    return (
      <Empty>
        {isLoading ? 'Loading…' : 'There is no collection yet. The first document that is inserted makes one.'}
      </Empty>
    )
  }
  return (
    <section class="card">
      <h2>Collections</h2>
      <WideTable label="Collections">
        <TableHead names={['Name', 'Ids']} figures={['Documents', 'Size', 'Average', 'Id index']} />
        <tbody>
          {collections.map(one => (
            <tr key={one.name}>
              <th scope="row">
                <a href={collectionHref(database, one.name)}>{one.name}</a>
              </th>
              <td class="number">{countText(one.documentsCount)}</td>
              <td class="number">{bytesText(one.documentsBytes)}</td>
              <td class="number">
                {one.documentsCount === 0 ? '–' : bytesText(Math.round(one.documentsBytes / one.documentsCount))}
              </td>
              <td class="number">{bytesText(one.indexBytes)}</td>
              <td>{one.ids}</td>
            </tr>
          ))}
        </tbody>
      </WideTable>
    </section>
  )
}

/** What each file of a database carries that is spread over several. */
function ShardTable({ database }: { database: string }) {
  const shards = useShards(database)
  if (shards.length < 2) return null
  return (
    <section class="card">
      <h2>Shards</h2>
      <WideTable label="Shards">
        <TableHead names={['Shard']} figures={['Documents', 'Size', 'File', 'Log', 'Cache', 'Commits']} />
        <tbody>
          {shards.map(one => (
            <tr key={one.shard}>
              <th scope="row">{one.shard}</th>
              <td class="number">{countText(one.documentsCount)}</td>
              <td class="number">{bytesText(one.documentsBytes)}</td>
              <td class="number">{bytesText(one.pagesCount * PAGE_BYTES)}</td>
              <td class="number">{bytesText(one.logBytes)}</td>
              <td class="number">{bytesText(one.cacheBytes)}</td>
              <td class="number">{countText(one.commitsCount)}</td>
            </tr>
          ))}
        </tbody>
      </WideTable>
    </section>
  )
}

/** Checks, compactions, backups, and the end of a database. */
function Care({ database, onDone }: { database: string; onDone: () => void }) {
  const [words, setWords] = useState('')
  const [isAsked, setIsAsked] = useState(false)
  const path = databasePath(database)
  const work = useAction(async (what: 'check' | 'compact' | 'backup') => {
    setWords('')
    if (what === 'check') {
      const report = await ask<CheckReport>('POST', `${path}/check`)
      const found = report.isClean ? 'nothing is wrong' : countOf(report.problemsCount, 'problem')
      setWords(`Checked ${countOf(report.documentsCount, 'document')}: ${found}. ${report.problems[0]?.message ?? ''}`)
    } else if (what === 'compact') {
      const report = await ask<CompactReport>('POST', `${path}/compact`)
      setWords(`The file had ${bytesText(report.bytesBefore)}, and has ${bytesText(report.bytesAfter)}.`)
      onDone()
    } else {
      const response = await send('GET', `${path}/backup`)
      saveFile(await response.blob(), `${database}.quire`)
    }
  })
  const removal = useAction(async () => {
    await ask('DELETE', path)
    go(viewHref('main'))
  })
  return (
    <section class="card">
      <h2>Care</h2>
      <div class="actions">
        <button type="button" class="button" disabled={work.isRunning} onClick={() => void work.run('check')}>
          Check
        </button>
        <button type="button" class="button" disabled={work.isRunning} onClick={() => void work.run('compact')}>
          Compact
        </button>
        <button type="button" class="button" disabled={work.isRunning} onClick={() => void work.run('backup')}>
          Download a backup
        </button>
        {database === 'main' ? null : (
          <button type="button" class="button button-danger" onClick={() => setIsAsked(true)}>
            Delete this database
          </button>
        )}
      </div>
      <FailureNote failure={work.failure} />
      <p class="hint" role="status">
        {work.isRunning ? 'Working…' : words}
      </p>
      {isAsked ? (
        <Confirm
          title={`Delete database ${database}?`}
          action="Delete it"
          failure={removal.failure}
          isRunning={removal.isRunning}
          onConfirm={() => void removal.run()}
          onClose={() => setIsAsked(false)}
        >
          Its file and all its documents are gone then. This cannot be undone.
        </Confirm>
      ) : null}
    </section>
  )
}

interface NewDialogProps {
  readonly title: string
  readonly hint: string
  /** Makes it, and gives the address where it is shown. */
  readonly make: (name: string) => Promise<string>
  readonly onClose: () => void
}

function NewDialog({ title, hint, make, onClose }: NewDialogProps) {
  const [name, setName] = useState('')
  const create = useAction(async () => {
    const href = await make(name)
    onClose()
    go(href)
  })
  return <NameDialog title={title} hint={hint} name={name} onName={setName} action={create} onClose={onClose} />
}

interface NameDialogProps {
  readonly title: string
  readonly hint: string
  readonly name: string
  readonly onName: (name: string) => void
  readonly action: ReturnType<typeof useAction<[]>>
  readonly onClose: () => void
}

/** Asks for a name and makes something of it. */
export function NameDialog({ title, hint, name, onName, action, onClose }: NameDialogProps) {
  return (
    <Dialog title={title} onClose={onClose}>
      <Form onSubmit={() => void action.run()}>
        <Field label="Name" value={name} onInput={onName} hint={hint} isRequired />
        <FailureNote failure={action.failure} />
        <DialogEnd action="Make it" isDisabled={action.isRunning || name === ''} onClose={onClose} />
      </Form>
    </Dialog>
  )
}
