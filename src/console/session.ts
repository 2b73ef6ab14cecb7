// What the browser remembers: the token until the tab is closed, and choices of looks for good.
//
// Promises: the token is in this tab's sessionStorage and in no address, cookie or other tab; a browser that keeps
// nothing (storage switched off) still works, until the page is loaded again.

const TOKEN = 'quiredb-token'
const THEME = 'quiredb-theme'
const SHORTCUTS = 'quiredb-shortcuts'

/** The looks: as the system has them, or one of the two. */
export type Theme = 'system' | 'light' | 'dark'
const THEMES: readonly Theme[] = ['system', 'light', 'dark']

const memory = new Map<string, string>()

function read(storage: () => Storage, name: string): string {
  try {
    return storage().getItem(name) ?? ''
  } catch {
    return memory.get(name) ?? ''
  }
}

function write(storage: () => Storage, name: string, value: string): void {
  memory.set(name, value)
  try {
    if (value === '') storage().removeItem(name)
    else storage().setItem(name, value)
  } catch {
    // The browser keeps nothing; memory does until the page goes.
  }
}

const session = () => sessionStorage
const local = () => localStorage

/** The token that requests are sent with; empty for none. */
export function storedToken(): string {
  return read(session, TOKEN)
}

/** Keeps a token, or forgets it where it is empty. */
export function storeToken(token: string): void {
  write(session, TOKEN, token)
}

/** The looks that were chosen last. */
export function storedTheme(): Theme {
  const found = read(local, THEME)
  return THEMES.find(theme => theme === found) ?? 'system'
}

/** Keeps the looks, and shows the page in them. */
export function storeTheme(theme: Theme): void {
  write(local, THEME, theme)
  applyTheme(theme)
}

/** The looks behind these ones, round and round. */
export function nextTheme(theme: Theme): Theme {
  return THEMES[(THEMES.indexOf(theme) + 1) % THEMES.length] ?? 'system'
}

/** Shows the page in these looks. */
export function applyTheme(theme: Theme): void {
  if (theme === 'system') delete document.documentElement.dataset['theme']
  else document.documentElement.dataset['theme'] = theme
}

/** Whether single keys are shortcuts. */
export function areShortcutsOn(): boolean {
  return read(local, SHORTCUTS) !== 'off'
}

/** Switches single keys as shortcuts on or off. */
export function storeShortcuts(areOn: boolean): void {
  write(local, SHORTCUTS, areOn ? '' : 'off')
}
