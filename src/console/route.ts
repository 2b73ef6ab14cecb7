// Where in the console one is: the part of the address behind `#`.
//
// `#/main` is the overview of database main, `#/main/activity` its charts, `#/main/collection/users/indexes` a tab of a
// collection. Promises: every place has an address that can be kept and sent; an address that is none is the overview.

import { useEffect, useState } from 'preact/hooks'

/** Views of a database as a whole. */
export const VIEWS = ['overview', 'activity', 'changes', 'keys', 'transactions', 'pages'] as const
/** Tabs of a collection. */
export const TABS = ['documents', 'indexes', 'changes', 'transfer'] as const

/** A view of a database. */
export type View = (typeof VIEWS)[number]
/** A tab of a collection. */
export type Tab = (typeof TABS)[number]

/** Names of the views, as people read them. */
export const VIEW_NAMES: Readonly<Record<View, string>> = {
  overview: 'Overview',
  activity: 'Activity',
  changes: 'Changes',
  keys: 'Keys and values',
  transactions: 'Transactions',
  pages: 'Page map'
}

/** A place. */
export interface Place {
  readonly database: string
  readonly view: View
  /** A collection; `tab` is what is shown of it then. */
  readonly collection: string | undefined
  readonly tab: Tab
}

const FIRST = 'main'

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

/** The place of an address. */
export function placeOf(hash: string): Place {
  const [database = '', second, collection, tab] = hash.replace(/^#\/?/, '').split('/').map(decoded)
  return {
    database: database === '' ? FIRST : database,
    view: VIEWS.find(view => view === second) ?? 'overview',
    collection: second === 'collection' && collection !== undefined && collection !== '' ? collection : undefined,
    tab: TABS.find(one => one === tab) ?? 'documents'
  }
}

/** The address of a view. */
export function viewHref(database: string, view: View = 'overview'): string {
  return `#/${encodeURIComponent(database)}${view === 'overview' ? '' : `/${view}`}`
}

/** The address of a tab of a collection. */
export function collectionHref(database: string, collection: string, tab: Tab = 'documents'): string {
  return `#/${encodeURIComponent(database)}/collection/${encodeURIComponent(collection)}/${tab}`
}

/** Goes to an address. */
export function go(href: string): void {
  location.hash = href
}

/** Where one is, and again whenever that changes. */
export function usePlace(): Place {
  const [place, setPlace] = useState(() => placeOf(location.hash))
  useEffect(() => {
    const update = () => setPlace(placeOf(location.hash))
    addEventListener('hashchange', update)
    return () => removeEventListener('hashchange', update)
  }, [])
  return place
}
