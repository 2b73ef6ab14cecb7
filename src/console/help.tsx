// What the keys do, and whether they do it.
//
// Promises: single keys can be switched off, for whoever speaks to the computer or types by one switch (WCAG 2.1.4).

import { Dialog, Switch } from './parts.tsx'

const KEYS: readonly (readonly [keys: string, words: string])[] = [
  ['?', 'This help'],
  ['1 to 6', 'Overview, activity, changes, keys, transactions, page map'],
  ['/', 'To the filter'],
  ['n', 'A new document, or key'],
  ['r', 'Load again'],
  ['[ and ]', 'The page before, the next page'],
  ['t', 'The next looks: as the system, light, dark'],
  ['Esc', 'Close a dialog'],
  ['Ctrl Enter', 'Save what is edited']
]

interface HelpProps {
  readonly areShortcutsOn: boolean
  readonly onShortcuts: (areOn: boolean) => void
  readonly onClose: () => void
}

/** The help. */
export function Help({ areShortcutsOn, onShortcuts, onClose }: HelpProps) {
  return (
    <Dialog title="Keys" onClose={onClose}>
      <table class="table">
        <tbody>
          {KEYS.map(([keys, words]) => (
            <tr key={keys}>
              <th scope="row">
                <kbd>{keys}</kbd>
              </th>
              <td>{words}</td>
            </tr>
          ))}
        </tbody>
      </table>
      <Switch label="Single keys are shortcuts" isOn={areShortcutsOn} onChange={onShortcuts} />
      <p>
        <a href="/docs" target="_blank" rel="noreferrer">
          Every route of this server
        </a>
      </p>
    </Dialog>
  )
}
