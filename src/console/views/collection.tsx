// A collection: its head with what can be done to it as a whole, and its tabs.
//
// Promises: each tab has its address. Leaves to others: what the tabs show.

import { useState } from 'preact/hooks'
import { ask, collectionPath } from '../api.ts'
import { useCatalog } from '../catalog.ts'
import { bytesText, countOf } from '../format.ts'
import { useAction } from '../hooks.ts'
import { Confirm, ViewHead } from '../parts.tsx'
import { collectionHref, go, TABS, type Tab, viewHref } from '../route.ts'
import { ChangeFeed } from './changes.tsx'
import { Documents } from './documents.tsx'
import { Indexes } from './indexes.tsx'
import { NameDialog } from './overview.tsx'
import { Transfer } from './transfer.tsx'

const TAB_NAMES: Readonly<Record<Tab, string>> = {
  documents: 'Documents',
  indexes: 'Indexes',
  changes: 'Changes',
  transfer: 'Import and export'
}

interface CollectionProps {
  readonly database: string
  readonly collection: string
  readonly tab: Tab
}

/** The view. */
export function CollectionView({ database, collection, tab }: CollectionProps) {
  const catalog = useCatalog()
  const [asked, setAsked] = useState<'drop' | 'rename'>()
  const info = catalog.value?.collections.find(({ name }) => name === collection)
  const close = () => setAsked(undefined)
  return (
    <>
      <ViewHead title={collection}>
        <button type="button" class="button" onClick={() => setAsked('rename')}>
          Rename
        </button>
        <button type="button" class="button button-danger" onClick={() => setAsked('drop')}>
          Drop
        </button>
      </ViewHead>
      <p class="under-head">
        {info === undefined
          ? 'There is no such collection yet; the first document makes it.'
          : `${countOf(info.documentsCount, 'document')}, ${bytesText(info.documentsBytes)}`}
      </p>
      <nav class="tabs" aria-label={`Of ${collection}`}>
        {TABS.map(one => (
          <a
            key={one}
            class="tab"
            href={collectionHref(database, collection, one)}
            aria-current={one === tab ? 'page' : undefined}
          >
            {TAB_NAMES[one]}
          </a>
        ))}
      </nav>
      <TabContent database={database} collection={collection} tab={tab} />
      {asked === 'drop' ? <DropDialog database={database} collection={collection} onClose={close} /> : null}
      {asked === 'rename' ? <RenameDialog database={database} collection={collection} onClose={close} /> : null}
    </>
  )
}

function TabContent({ database, collection, tab }: CollectionProps) {
  switch (tab) {
    case 'indexes':
      return <Indexes database={database} collection={collection} />
    case 'changes':
      return <ChangeFeed path={collectionPath(database, collection)} />
    case 'transfer':
      return <Transfer database={database} collection={collection} />
    default:
      return <Documents database={database} collection={collection} />
  }
}

interface DialogProps {
  readonly database: string
  readonly collection: string
  readonly onClose: () => void
}

function DropDialog({ database, collection, onClose }: DialogProps) {
  const { reload } = useCatalog()
  const drop = useAction(async () => {
    await ask('DELETE', collectionPath(database, collection))
    reload()
    go(viewHref(database))
  })
  return (
    <Confirm
      title={`Drop collection ${collection}?`}
      action="Drop it"
      failure={drop.failure}
      isRunning={drop.isRunning}
      onConfirm={() => void drop.run()}
      onClose={onClose}
    >
      All its documents and indexes are gone then. This cannot be undone.
    </Confirm>
  )
}

function RenameDialog({ database, collection, onClose }: DialogProps) {
  const { reload } = useCatalog()
  const [name, setName] = useState(collection)
  const rename = useAction(async () => {
    await ask('POST', `${collectionPath(database, collection)}/rename`, { body: { to: name } })
    reload()
    go(collectionHref(database, name))
  })
  const title = `Rename ${collection}`
  return <NameDialog title={title} hint="Its new name" name={name} onName={setName} action={rename} onClose={onClose} />
}
