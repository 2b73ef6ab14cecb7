// The console as a whole: who may in, the frame around the views, and which view is shown.
//
// Promises: the heading of a view takes the keyboard when one goes there, so that it is read aloud; the title of the page
// names the place. Leaves to others: the frame (frame.tsx), views (views/).

import { useEffect, useRef, useState } from 'preact/hooks'
import { ask, databasePath, whenTokenRefused } from './api.ts'
import { Frame } from './frame.tsx'
import { useLoad } from './hooks.ts'
import { Login } from './login.tsx'
import { FailureNote, ViewHead } from './parts.tsx'
import { type Place, usePlace, VIEW_NAMES } from './route.ts'
import { storedToken, storeToken } from './session.ts'
import { ActivityView } from './views/activity.tsx'
import { ChangeFeed } from './views/changes.tsx'
import { CollectionView } from './views/collection.tsx'
import { Keys } from './views/keys.tsx'
import { Overview } from './views/overview.tsx'
import { Pages } from './views/pages.tsx'
import { Transactions } from './views/transactions.tsx'

interface About {
  readonly isTokenNeeded: boolean
  readonly version: string
}

/** The console. */
export function App() {
  const about = useLoad(signal => ask<About>('GET', '/console/about', { signal }), [])
  const [isIn, setIsIn] = useState(storedToken() !== '')
  const [isOver, setIsOver] = useState(false)
  useEffect(() => {
    whenTokenRefused(() => {
      // A token that is only being tried is the login's own business.
      if (!isInNow.current) return
      storeToken('')
      setIsOver(true)
      setIsIn(false)
    })
  }, [])
  const isInNow = useRef(isIn)
  isInNow.current = isIn
  if (about.value === undefined) {
    return <main class="login">{about.isLoading ? <p>Loading…</p> : <FailureNote failure={about.failure} />}</main>
  }
  if (about.value.isTokenNeeded && !isIn) {
    return (
      <Login
        isOver={isOver}
        onDone={() => {
          setIsOver(false)
          setIsIn(true)
        }}
      />
    )
  }
  const leave = () => {
    storeToken('')
    setIsIn(false)
  }
  return <Inside version={about.value.version} {...(about.value.isTokenNeeded ? { onLeave: leave } : {})} />
}

function Inside({ version, onLeave }: { version: string; onLeave?: () => void }) {
  const place = usePlace()
  const main = useRef<HTMLElement>(null)
  const key = `${place.database}/${place.collection ?? ''}/${place.view}`
  const isFirst = useRef(true)
  useEffect(() => {
    document.title = `${place.collection ?? VIEW_NAMES[place.view]} · ${place.database} · QuireDB`
    if (!isFirst.current) main.current?.focus()
    isFirst.current = false
  }, [key])
  return (
    <Frame place={place} version={version} {...(onLeave === undefined ? {} : { onLeave })}>
      <main id="content" class="content" tabIndex={-1} ref={main} key={key}>
        {place.collection === undefined ? (
          <DatabaseView place={place} />
        ) : (
          <CollectionView database={place.database} collection={place.collection} tab={place.tab} />
        )}
      </main>
    </Frame>
  )
}

function DatabaseView({ place: { database, view } }: { place: Place }) {
  switch (view) {
    case 'activity':
      return <ActivityView database={database} />
    case 'changes':
      return (
        <>
          <ViewHead title="Changes" />
          <ChangeFeed path={databasePath(database)} />
        </>
      )
    case 'keys':
      return <Keys database={database} />
    case 'transactions':
      return <Transactions database={database} />
    case 'pages':
      return <Pages database={database} />
    default:
      return <Overview database={database} />
  }
}
