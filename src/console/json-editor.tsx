// A place to write JSON, which says where it is wrong while it is written.
//
// Promises: it works by keyboard as any field of a form does (Tab leaves it); the fault is told by its line and column,
// marked beside the text, and read aloud. Leaves to others: what is wrong (json-check.ts).

import { useId, useRef } from 'preact/hooks'
import { checkJson, type JsonProblem, problemText } from './json-check.ts'

interface JsonEditorProps {
  readonly label: string
  readonly text: string
  readonly onInput: (text: string) => void
  readonly problem: JsonProblem | undefined
  readonly rows?: number
}

/** The editor. */
export function JsonEditor({ label, text, onInput, problem, rows = 16 }: JsonEditorProps) {
  const id = useId()
  const gutter = useRef<HTMLDivElement>(null)
  const linesCount = text.split('\n').length
  const format = () => {
    const checked = checkJson(text)
    if (checked.problem === undefined) onInput(JSON.stringify(checked.value, null, 2))
  }
  return (
    <div class="field editor">
      <div class="editor-head">
        <label for={id}>{label}</label>
        <button type="button" class="button button-small" disabled={problem !== undefined} onClick={format}>
          Format
        </button>
      </div>
      <div class="editor-body">
        <div class="editor-gutter" aria-hidden="true" ref={gutter}>
          {Array.from({ length: linesCount }, (_, index) => (
            <span key={index} class={problem?.line === index + 1 ? 'editor-line editor-line-wrong' : 'editor-line'}>
              {index + 1}
            </span>
          ))}
        </div>
        <textarea
          id={id}
          class="editor-text code"
          rows={rows}
          wrap="off"
          spellcheck={false}
          autocapitalize="off"
          value={text}
          aria-invalid={problem !== undefined}
          aria-describedby={`${id}-note`}
          onInput={event => onInput(event.currentTarget.value)}
          onScroll={event => {
            if (gutter.current !== null) gutter.current.scrollTop = event.currentTarget.scrollTop
          }}
        />
      </div>
      <p id={`${id}-note`} class={problem === undefined ? 'hint' : 'hint hint-problem'} role="status">
        {problem === undefined ? 'Right JSON. Dates are {"$date": "…"}, bytes {"$binary": …}.' : problemText(problem)}
      </p>
    </div>
  )
}
