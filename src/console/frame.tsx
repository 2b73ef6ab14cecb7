// The frame around every view: which database and namespace, where one can go, the looks, help, and the way out.
//
// Promises: all of it is reached by keyboard, first a link past it; on a narrow page the list folds away.
// Leaves to others: what is shown inside (app.tsx), what there is (catalog.ts).

import type { ComponentChildren } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import type { CollectionInfo } from '../stats.ts'
import { CatalogContext, namespacesOf, useCatalogOf } from './catalog.ts'
import { countText, namespaceOf } from './format.ts'
import { Help } from './help.tsx'
import { useShortcuts } from './hooks.ts'
import { Logo } from './login.tsx'
import { Choice, FailureNote } from './parts.tsx'
import { collectionHref, go, type Place, VIEW_NAMES, VIEWS, viewHref } from './route.ts'
import { areShortcutsOn, nextTheme, storedTheme, storeShortcuts, storeTheme } from './session.ts'

const ALL = '*'
const THEME_NAMES = { system: 'as the system', light: 'light', dark: 'dark' } as const
const THEME_SIGNS = { system: '◐', light: '☀', dark: '☾' } as const

interface FrameProps {
  readonly place: Place
  readonly version: string
  readonly onLeave?: () => void
  readonly children: ComponentChildren
}

/** The frame. */
export function Frame({ place, version, onLeave, children }: FrameProps) {
  const catalog = useCatalogOf(place.database)
  const [theme, setTheme] = useState(storedTheme)
  const [isMenuOpen, setIsMenuOpen] = useState(false)
  const [isHelpOpen, setIsHelpOpen] = useState(false)
  const [areKeysOn, setAreKeysOn] = useState(areShortcutsOn)
  const [namespace, setNamespace] = useState(ALL)
  useEffect(() => setIsMenuOpen(false), [place])
  const turnTheme = () => {
    const next = nextTheme(theme)
    storeTheme(next)
    setTheme(next)
  }
  const numbered = VIEWS.map((view, index) => [String(index + 1), () => go(viewHref(place.database, view))] as const)
  useShortcuts({ '?': () => setIsHelpOpen(true), t: turnTheme, ...Object.fromEntries(numbered) })
  const { databases = [], collections = [] } = catalog.value ?? {}
  const names = [...new Set([place.database, ...databases.map(({ name }) => name)])].sort()
  const shown = collections.filter(({ name }) => namespace === ALL || (namespaceOf(name) ?? '') === namespace)
  return (
    <CatalogContext.Provider value={catalog}>
      <button type="button" class="skip" onClick={skip}>
        Skip to the content
      </button>
      <header class="top">
        <a class="brand" aria-label="QuireDB" href={viewHref(place.database)}>
          <Logo />
          <span>QuireDB</span>
        </a>
        <button
          type="button"
          class="button button-quiet menu-button"
          aria-expanded={isMenuOpen}
          aria-controls="menu"
          onClick={() => setIsMenuOpen(!isMenuOpen)}
        >
          ☰ Menu
        </button>
        <div class="top-end">
          <button type="button" class="button button-quiet" onClick={turnTheme}>
            <span aria-hidden="true">{THEME_SIGNS[theme]}</span>
            <span class="sr-only">Looks: {THEME_NAMES[theme]}</span>
          </button>
          <button type="button" class="button button-quiet" aria-label="Help" onClick={() => setIsHelpOpen(true)}>
            ?
          </button>
          {onLeave === undefined ? null : (
            <button type="button" class="button button-quiet" onClick={onLeave}>
              Log out
            </button>
          )}
        </div>
      </header>
      <div class="columns">
        <nav id="menu" class={isMenuOpen ? 'menu menu-open' : 'menu'} aria-label="Console">
          <Choice
            label="Database"
            value={place.database}
            options={names.map(name => [name, name] as const)}
            onChange={name => go(viewHref(name, place.view))}
          />
          <ul class="menu-list">
            {VIEWS.map(view => (
              <li key={view}>
                <MenuLink
                  href={viewHref(place.database, view)}
                  isHere={place.collection === undefined && place.view === view}
                >
                  {VIEW_NAMES[view]}
                </MenuLink>
              </li>
            ))}
          </ul>
          <h2 class="menu-title">Collections</h2>
          <NamespaceChoice collections={collections} value={namespace} onChange={setNamespace} />
          <FailureNote failure={catalog.failure} />
          <ul class="menu-list">
            {shown.map(({ name, documentsCount }) => (
              <li key={name}>
                <MenuLink href={collectionHref(place.database, name)} isHere={place.collection === name}>
                  <span class="menu-name">{name}</span>
                  <span class="menu-count">{countText(documentsCount)}</span>
                </MenuLink>
              </li>
            ))}
          </ul>
          <p class="menu-foot">QuireDB {version}</p>
        </nav>
        {children}
      </div>
      {isHelpOpen ? (
        <Help
          areShortcutsOn={areKeysOn}
          onShortcuts={areOn => {
            storeShortcuts(areOn)
            setAreKeysOn(areOn)
          }}
          onClose={() => setIsHelpOpen(false)}
        />
      ) : null}
    </CatalogContext.Provider>
  )
}

/** A button, not a link: the address behind `#` is the place in the console. */
function skip(): void {
  document.getElementById('content')?.focus()
}

function MenuLink({ href, isHere, children }: { href: string; isHere: boolean; children: ComponentChildren }) {
  return (
    <a class="menu-link" href={href} aria-current={isHere ? 'page' : undefined}>
      {children}
    </a>
  )
}

interface NamespaceChoiceProps {
  readonly collections: readonly CollectionInfo[]
  readonly value: string
  readonly onChange: (value: string) => void
}

function NamespaceChoice({ collections, value, onChange }: NamespaceChoiceProps) {
  const namespaces = namespacesOf(collections)
  if (namespaces.length === 0) return null
  const options: (readonly [string, string])[] = [
    [ALL, 'all'],
    ['', 'none'],
    ...namespaces.map(name => [name, name] as const)
  ]
  return <Choice label="Namespace" value={value} options={options} onChange={onChange} />
}
