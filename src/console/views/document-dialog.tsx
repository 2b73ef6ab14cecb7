// One document: read, written, deleted, as JSON.
//
// Promises: what is saved or deleted is the document that was read (If-Match): when somebody else changed it meanwhile
// that is said, and the user chooses. Leaves to others: right JSON (json-editor.tsx).

import { useEffect, useState } from 'preact/hooks'
import { ask, askWhole, Failure, type Json, type JsonObject, withQuery } from '../api.ts'
import { idParts, longText, shortText } from '../format.ts'
import { useAction } from '../hooks.ts'
import { checkObject } from '../json-check.ts'
import { JsonEditor } from '../json-editor.tsx'
import { Dialog, DialogEnd, FailureNote, Form } from '../parts.tsx'

interface DocumentDialogProps {
  /** Path of the collection. */
  readonly path: string
  /** The document's; undefined for a new one. */
  readonly id: Json | undefined
  readonly onDone: () => void
  readonly onClose: () => void
}

/** Path of a document. */
function documentPath(path: string, id: Json): string {
  const { text, idType } = idParts(id)
  return withQuery(`${path}/documents/${encodeURIComponent(text)}`, { idType })
}

/** The dialog. */
export function DocumentDialog({ path, id, onDone, onClose }: DocumentDialogProps) {
  const [text, setText] = useState(id === undefined ? '{\n  \n}' : '')
  const [etag, setEtag] = useState<string>()
  const [isDeleting, setIsDeleting] = useState(false)
  const checked = checkObject(text)
  const own = id === undefined ? '' : documentPath(path, id)
  const load = useAction(async () => {
    const answer = await askWhole<JsonObject>('GET', own)
    setText(longText(answer.value))
    setEtag(answer.etag)
    save.clear()
  })
  const save = useAction(async (isForced: boolean) => {
    if (checked.problem !== undefined) return
    const headers: Record<string, string> = isForced || etag === undefined ? {} : { 'If-Match': etag }
    if (id === undefined) await ask('POST', `${path}/documents`, { body: checked.value })
    else await ask('PUT', own, { body: checked.value, headers })
    onDone()
    onClose()
  })
  const remove = useAction(async () => {
    await ask('DELETE', own, { headers: etag === undefined ? {} : { 'If-Match': etag } })
    onDone()
    onClose()
  })
  useEffect(() => {
    if (id !== undefined) void load.run()
  }, [])
  const isConflict = [save.failure, remove.failure].some(
    failure => failure instanceof Failure && failure.status === 412
  )
  const title = id === undefined ? 'New document' : `Document ${shortText(id, 40)}`
  return (
    <Dialog title={title} isWide onClose={onClose}>
      <Form onSubmit={() => void save.run(false)}>
        <FailureNote failure={load.failure} />
        {load.isRunning ? <p role="status">Loading…</p> : null}
        <JsonEditor
          label="Document"
          text={text}
          onInput={setText}
          problem={text === '' ? undefined : checked.problem}
        />
        {isConflict ? (
          <div class="note note-failure" role="alert">
            <p>Somebody changed or deleted this document since you opened it. Nothing was written.</p>
            <div class="actions">
              <button type="button" class="button" onClick={() => void load.run()}>
                Load theirs
              </button>
              <button type="button" class="button button-danger" onClick={() => void save.run(true)}>
                Overwrite it with mine
              </button>
            </div>
          </div>
        ) : (
          <>
            <FailureNote failure={save.failure} />
            <FailureNote failure={remove.failure} />
          </>
        )}
        <DialogEnd
          action={id === undefined ? 'Insert' : 'Save'}
          isDisabled={save.isRunning || checked.problem !== undefined}
          onClose={onClose}
        >
          {id === undefined ? null : isDeleting ? (
            <button
              type="button"
              class="button button-danger"
              disabled={remove.isRunning}
              onClick={() => void remove.run()}
            >
              Yes, delete it
            </button>
          ) : (
            <button type="button" class="button" onClick={() => setIsDeleting(true)}>
              Delete
            </button>
          )}
        </DialogEnd>
      </Form>
    </Dialog>
  )
}
