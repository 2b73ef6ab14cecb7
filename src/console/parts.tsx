// The small parts that views are made of: what went wrong, dialogs, fields, choices.
//
// Promises: each field has a name that is read aloud, and tells its fault; a dialog takes the keyboard, gives it back to
// where it was, and Escape closes it. Leaves to others: looks (style/parts.css).

import type { ComponentChildren } from 'preact'
import { useEffect, useId, useRef } from 'preact/hooks'
import { wordsOf } from './api.ts'

/** What went wrong, read aloud at once; nothing where nothing did. */
export function FailureNote({ failure }: { failure: unknown }) {
  if (failure === undefined) return null
  return (
    <p class="note note-failure" role="alert">
      {wordsOf(failure)}
    </p>
  )
}

/** Words in the place of things that are not there. */
export function Empty({ children }: { children: ComponentChildren }) {
  return <p class="empty">{children}</p>
}

/** The head of a view: its name, and what can be done there. */
export function ViewHead({ title, children }: { title: ComponentChildren; children?: ComponentChildren }) {
  return (
    <div class="view-head">
      <h1>{title}</h1>
      <div class="actions">{children}</div>
    </div>
  )
}

interface DialogProps {
  readonly title: string
  readonly isWide?: boolean
  readonly onClose: () => void
  readonly children: ComponentChildren
}

/** A dialog over the page. */
export function Dialog({ title, isWide = false, onClose, children }: DialogProps) {
  const dialog = useRef<HTMLDialogElement>(null)
  const titleId = useId()
  useEffect(() => {
    const element = dialog.current
    const before = document.activeElement
    element?.showModal()
    return () => {
      element?.close()
      if (before instanceof HTMLElement) before.focus()
    }
  }, [])
  const close = (event: Event) => {
    event.preventDefault()
    onClose()
  }
  return (
    <dialog ref={dialog} class={isWide ? 'dialog dialog-wide' : 'dialog'} aria-labelledby={titleId} onCancel={close}>
      <div class="dialog-head">
        <h2 id={titleId}>{title}</h2>
        <button type="button" class="button button-quiet" aria-label="Close" onClick={close}>
          ✕
        </button>
      </div>
      {children}
    </dialog>
  )
}

interface ConfirmProps {
  readonly title: string
  readonly action: string
  readonly children: ComponentChildren
  readonly failure: unknown
  readonly isRunning: boolean
  readonly onConfirm: () => void
  readonly onClose: () => void
}

/** Asks before something is done that cannot be undone. */
export function Confirm({ title, action, children, failure, isRunning, onConfirm, onClose }: ConfirmProps) {
  return (
    <Dialog title={title} onClose={onClose}>
      <p>{children}</p>
      <FailureNote failure={failure} />
      <div class="actions actions-end">
        <button type="button" class="button" onClick={onClose}>
          Cancel
        </button>
        <button type="button" class="button button-danger" disabled={isRunning} onClick={onConfirm}>
          {action}
        </button>
      </div>
    </Dialog>
  )
}

interface FieldProps {
  readonly label: string
  readonly value: string
  readonly onInput: (value: string) => void
  readonly type?: 'text' | 'password' | 'number'
  readonly hint?: string
  readonly problem?: string | undefined
  readonly placeholder?: string
  readonly isCode?: boolean
  readonly isRequired?: boolean
  readonly class?: string
  readonly name?: string
}

/** A line of text with its name, and what is wrong with it. */
export function Field(props: FieldProps) {
  const { label, value, onInput, type = 'text', hint, problem, placeholder, isCode, isRequired } = props
  const id = useId()
  const noteId = `${id}-note`
  const note = problem ?? hint
  return (
    <div class={`field ${props.class ?? ''}`}>
      <label for={id}>{label}</label>
      <input
        id={id}
        type={type as 'text'}
        name={props.name ?? ''}
        class={isCode === true ? 'input code' : 'input'}
        value={value}
        placeholder={placeholder ?? ''}
        required={isRequired === true}
        spellcheck={false}
        autocomplete="off"
        autocapitalize="off"
        aria-invalid={problem !== undefined}
        aria-describedby={note === undefined ? undefined : noteId}
        onInput={event => onInput(event.currentTarget.value)}
      />
      {note === undefined ? null : (
        <p id={noteId} class={problem === undefined ? 'hint' : 'hint hint-problem'}>
          {note}
        </p>
      )}
    </div>
  )
}

interface ChoiceProps<T extends string> {
  readonly label: string
  readonly value: T
  readonly options: readonly (readonly [value: T, text: string])[]
  readonly onChange: (value: T) => void
  readonly class?: string
}

/** One of several. */
export function Choice<T extends string>(props: ChoiceProps<T>) {
  const { label, value, options, onChange } = props
  const id = useId()
  return (
    <div class={`field ${props.class ?? ''}`}>
      <label for={id}>{label}</label>
      <select id={id} class="input" value={value} onChange={event => onChange(event.currentTarget.value as T)}>
        {options.map(([one, text]) => (
          <option key={one} value={one} selected={one === value}>
            {text}
          </option>
        ))}
      </select>
    </div>
  )
}

interface SwitchProps {
  readonly label: string
  readonly isOn: boolean
  readonly onChange: (isOn: boolean) => void
}

/** Yes or no. */
export function Switch({ label, isOn, onChange }: SwitchProps) {
  return (
    <label class="switch">
      <input type="checkbox" checked={isOn} onChange={event => onChange(event.currentTarget.checked)} />
      <span>{label}</span>
    </label>
  )
}

interface FormProps {
  readonly onSubmit: () => void
  /** What it is called, where its heading does not say so. */
  readonly label?: string
  readonly class?: string
  readonly id?: string
  readonly children: ComponentChildren
}

/** A form that is handed in here, not sent by the browser. */
export function Form({ onSubmit, label, class: className, id, children }: FormProps) {
  return (
    <form
      id={id}
      class={className}
      aria-label={label}
      onSubmit={event => {
        event.preventDefault()
        onSubmit()
      }}
      onKeyDown={event => {
        if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) onSubmit()
      }}
    >
      {children}
    </form>
  )
}

interface DialogEndProps {
  /** What handing the form in does. */
  readonly action: string
  readonly isDisabled: boolean
  readonly onClose: () => void
  /** What else can be done, to the left. */
  readonly children?: ComponentChildren
}

/** The end of a form in a dialog: away, or do it. */
export function DialogEnd({ action, isDisabled, onClose, children }: DialogEndProps) {
  return (
    <div class="actions actions-end">
      {children}
      <span class="grow" />
      <button type="button" class="button" onClick={onClose}>
        Cancel
      </button>
      <button type="submit" class="button button-main" disabled={isDisabled}>
        {action}
      </button>
    </div>
  )
}

/** The heads of a table's columns; figures stand at the right. */
export function TableHead({ names, figures = [] }: { names: readonly string[]; figures?: readonly string[] }) {
  return (
    <thead>
      <tr>
        {names.map(name => (
          <th scope="col" key={name}>
            {name}
          </th>
        ))}
        {figures.map(name => (
          <th scope="col" class="number" key={name}>
            {name}
          </th>
        ))}
      </tr>
    </thead>
  )
}

/** A table that scrolls sideways where the page is narrow, by keyboard too. */
export function WideTable({ label, children }: { label: string; children: ComponentChildren }) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to be reached by keyboard
    <section class="table-room" tabIndex={0} aria-label={label}>
      <table class="table">{children}</table>
    </section>
  )
}

/** A figure with its name. */
export function Figure({ name, value, note }: { name: string; value: string; note?: string }) {
  return (
    <div class="figure">
      <dt>{name}</dt>
      <dd>{value}</dd>
      {note === undefined ? null : <dd class="figure-note">{note}</dd>}
    </div>
  )
}
