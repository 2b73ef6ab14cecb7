// What views share of doing things: loading, loading again and again, and acting.
//
// Promises: an answer that comes after the question changed is dropped; a view that is left waits for nothing more.

import { useCallback, useEffect, useRef, useState } from 'preact/hooks'
import { areShortcutsOn } from './session.ts'

/** Something that is loaded. */
export interface Loaded<T> {
  /** What came last; it stays while it is loaded again. */
  readonly value: T | undefined
  readonly failure: unknown
  readonly isLoading: boolean
  readonly reload: () => void
}

/**
 * Loads something when the view opens, when `inputs` change, and when it is asked to.
 * @param load given a signal that is aborted when nobody waits any more
 */
export function useLoad<T>(load: (signal: AbortSignal) => Promise<T>, inputs: readonly unknown[]): Loaded<T> {
  const [state, setState] = useState<Omit<Loaded<T>, 'reload'>>({
    value: undefined,
    failure: undefined,
    isLoading: true
  })
  const [round, setRound] = useState(0)
  useEffect(() => {
    const gone = new AbortController()
    setState(before => ({ ...before, isLoading: true }))
    load(gone.signal).then(
      value => {
        if (!gone.signal.aborted) setState({ value, failure: undefined, isLoading: false })
      },
      failure => {
        if (!gone.signal.aborted) setState(({ value }) => ({ value, failure, isLoading: false }))
      }
    )
    return () => gone.abort()
  }, [...inputs, round])
  const reload = useCallback(() => setRound(before => before + 1), [])
  return { ...state, reload }
}

/** Calls something every `intervalMs`, one call at a time, while the view is open and the page is looked at. */
export function usePolling(call: (signal: AbortSignal) => Promise<void>, intervalMs: number): void {
  const latest = useRef(call)
  latest.current = call
  useEffect(() => {
    const gone = new AbortController()
    let timer: ReturnType<typeof setTimeout> | undefined
    const turn = async () => {
      if (document.visibilityState === 'visible') await latest.current(gone.signal).catch(() => undefined)
      if (!gone.signal.aborted) timer = setTimeout(turn, intervalMs)
    }
    void turn()
    return () => {
      gone.abort()
      clearTimeout(timer)
    }
  }, [intervalMs])
}

/** Something that is done when it is asked for. */
export interface Action<A extends unknown[]> {
  readonly run: (...args: A) => Promise<void>
  readonly isRunning: boolean
  readonly failure: unknown
  readonly clear: () => void
}

/** An action whose failure is kept for showing; while it runs it is not run again. */
export function useAction<A extends unknown[]>(act: (...args: A) => Promise<void>): Action<A> {
  const [state, setState] = useState<{ isRunning: boolean; failure: unknown }>({ isRunning: false, failure: undefined })
  const isBusy = useRef(false)
  const run = async (...args: A) => {
    if (isBusy.current) return
    isBusy.current = true
    setState({ isRunning: true, failure: undefined })
    let failure: unknown
    try {
      await act(...args)
    } catch (error) {
      failure = error
    }
    isBusy.current = false
    setState({ isRunning: false, failure })
  }
  return { ...state, run, clear: () => setState({ isRunning: false, failure: undefined }) }
}

/** Keys that are shortcuts, with what they do; not while somebody types, nor when they are switched off. */
export function useShortcuts(shortcuts: Readonly<Record<string, () => void>>): void {
  const latest = useRef(shortcuts)
  latest.current = shortcuts
  useEffect(() => {
    const listen = (event: KeyboardEvent) => {
      const target = event.target as HTMLElement
      const isTyping = target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName)
      if (isTyping || event.ctrlKey || event.metaKey || event.altKey) return
      if (document.querySelector('dialog[open]') !== null) return
      const act = latest.current[event.key]
      if (act === undefined || !areShortcutsOn()) return
      event.preventDefault()
      act()
    }
    addEventListener('keydown', listen)
    return () => removeEventListener('keydown', listen)
  }, [])
}
