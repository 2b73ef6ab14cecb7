// The changes of a database or collection, as they are committed, the newest first.
//
// Promises: the newest `SHOWN_MAX` are kept; while it is paused nothing moves, and what came meanwhile is shown after.
// Leaves to others: the stream (change-feed.ts).

import { useEffect, useRef, useState } from 'preact/hooks'
import type { JsonObject } from '../api.ts'
import { listen } from '../change-feed.ts'
import { countOf, isObject, longText, shortText } from '../format.ts'
import { Choice, Empty, FailureNote, Switch } from '../parts.tsx'

const SHOWN_MAX = 200
const KINDS = ['insert', 'update', 'replace', 'delete', 'clear', 'drop', 'rename'] as const
type Kind = (typeof KINDS)[number] | 'all'

interface Shown {
  readonly change: JsonObject
  readonly cameAt: Date
}

/** Listens, and keeps what came. */
function useChanges(path: string, isPaused: boolean) {
  const [shown, setShown] = useState<readonly Shown[]>([])
  const [isConnected, setIsConnected] = useState(false)
  const [failure, setFailure] = useState<unknown>()
  const waiting = useRef<Shown[]>([])
  const isStill = useRef(isPaused)
  isStill.current = isPaused
  const flush = () => {
    const news = waiting.current.reverse()
    waiting.current = []
    setShown(before => [...news, ...before].slice(0, SHOWN_MAX))
  }
  useEffect(() => {
    if (!isPaused && waiting.current.length > 0) flush()
  }, [isPaused])
  useEffect(() => {
    const gone = new AbortController()
    setFailure(undefined)
    const onChange = (change: JsonObject) => {
      waiting.current.push({ change, cameAt: new Date() })
      if (waiting.current.length > 2 * SHOWN_MAX) waiting.current = waiting.current.slice(-SHOWN_MAX)
      if (!isStill.current && frame === undefined) frame = requestAnimationFrame(showAll)
    }
    // However many come at once, they are shown once for each picture of the screen.
    let frame: number | undefined
    const showAll = () => {
      frame = undefined
      if (!isStill.current && !gone.signal.aborted) flush()
    }
    listen(path, { onChange, onConnected: setIsConnected }, gone.signal).catch(setFailure)
    return () => gone.abort()
  }, [path])
  return { shown, isConnected, failure, clear: () => setShown([]) }
}

/** The feed; the view puts its own head above. */
export function ChangeFeed({ path }: { path: string }) {
  const [isPaused, setIsPaused] = useState(false)
  const [kind, setKind] = useState<Kind>('all')
  const { shown, isConnected, failure, clear } = useChanges(path, isPaused)
  const chosen = shown.filter(({ change }) => kind === 'all' || change['operationType'] === kind)
  const options: (readonly [Kind, string])[] = [['all', 'all'], ...KINDS.map(one => [one, one] as const)]
  return (
    <>
      <div class="bar">
        <Choice label="Kind" value={kind} options={options} onChange={setKind} />
        <div class="bar-actions">
          <Switch label="Paused" isOn={isPaused} onChange={setIsPaused} />
          <button type="button" class="button" onClick={clear}>
            Clear
          </button>
        </div>
      </div>
      <FailureNote failure={failure} />
      <p class="hint" role="status">
        {isConnected ? `Listening; ${countOf(chosen.length, 'change')} shown.` : 'Not connected.'}
      </p>
      {chosen.length === 0 ? (
        <Empty>Nothing has changed since this view was opened.</Empty>
      ) : (
        <ol class="feed">
          {chosen.map(one => (
            <ChangeItem key={String(one.change['_id'])} {...one} />
          ))}
        </ol>
      )}
    </>
  )
}

function ChangeItem({ change, cameAt }: Shown) {
  const kind = String(change['operationType'])
  const { ns, documentKey, updateDescription, fullDocument } = change
  const collection = isObject(ns) ? String(ns['coll']) : ''
  const id = isObject(documentKey) ? documentKey['_id'] : undefined
  return (
    <li class="card feed-item">
      <div class="feed-head">
        <span class={`badge badge-${kind}`}>{kind}</span>
        <b>{collection}</b>
        <span class="code">{shortText(id, 40)}</span>
        <time class="feed-time" dateTime={cameAt.toISOString()}>
          {cameAt.toLocaleTimeString()}
        </time>
      </div>
      <details>
        <summary class="code">{shortText(updateDescription ?? fullDocument ?? {}, 100)}</summary>
        <pre class="code">{longText(change)}</pre>
      </details>
    </li>
  )
}
