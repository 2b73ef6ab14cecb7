// Documents in and out of a collection: files of a JSON document a line, or of one JSON list.
//
// Promises: an import tells how much of it was done when it fails; lines are sent as they are, without a change, and a
// file of lines is not held in memory. Leaves to others: batches (the server).

import { useRef, useState } from 'preact/hooks'
import { collectionPath, Failure, type Json, send, withQuery } from '../api.ts'
import { useCatalog } from '../catalog.ts'
import { saveFile } from '../download.ts'
import { bytesText, countOf } from '../format.ts'
import { useAction } from '../hooks.ts'
import { checkJson, problemText } from '../json-check.ts'
import { Choice, FailureNote, Field, Form } from '../parts.tsx'
import { queryObject } from '../query-text.ts'

type Layout = 'ndjson' | 'json'
type Mode = 'insert' | 'put'
const LAYOUTS = [
  ['ndjson', 'NDJSON, a line each'],
  ['json', 'JSON, one list']
] as const
const MODES = [
  ['insert', 'end the import'],
  ['put', 'replace what is there']
] as const

/** The view. */
export function Transfer({ database, collection }: { database: string; collection: string }) {
  const path = collectionPath(database, collection)
  return (
    <>
      <Import path={path} />
      <Export path={path} collection={collection} />
    </>
  )
}

/** The body of an import: lines as they are, a list as lines. @throws Error where a list is none */
async function linesOf(file: File): Promise<Blob> {
  const isList = (await file.slice(0, 1024).text()).trimStart().startsWith('[')
  if (!isList) return file
  const checked = checkJson(await file.text())
  if (checked.problem !== undefined) throw new Error(problemText(checked.problem))
  const documents = checked.value as Json[]
  return new Blob(documents.map(document => `${JSON.stringify(document)}\n`))
}

function Import({ path }: { path: string }) {
  const { reload } = useCatalog()
  const input = useRef<HTMLInputElement>(null)
  const [file, setFile] = useState<File>()
  const [mode, setMode] = useState<Mode>('insert')
  const [words, setWords] = useState('')
  const work = useAction(async () => {
    if (file === undefined) return
    setWords('')
    try {
      const headers = { 'Content-Type': 'application/x-ndjson' }
      const response = await send('POST', withQuery(`${path}/import`, { mode }), { body: await linesOf(file), headers })
      const { importedCount } = (await response.json()) as { importedCount: number }
      setWords(`Imported ${countOf(importedCount, 'document')}.`)
    } catch (error) {
      if (error instanceof Failure && typeof error.problem['importedCount'] === 'number') {
        setWords(`${countOf(error.problem['importedCount'], 'document')} before that were imported.`)
      }
      throw error
    } finally {
      reload()
    }
  })
  return (
    <section class="card">
      <h2>Import</h2>
      <Form class="stack" onSubmit={() => void work.run()}>
        <div class="bar">
          <div class="field field-wide">
            <label for="import-file">File</label>
            <input
              id="import-file"
              ref={input}
              type="file"
              class="input input-file"
              accept=".json,.ndjson,.jsonl"
              onChange={event => setFile(event.currentTarget.files?.[0])}
            />
            <p class="hint">
              {file === undefined ? 'A document a line (.ndjson, .jsonl), or one list (.json)' : bytesText(file.size)}
            </p>
          </div>
          <Choice label="Ids that are there" value={mode} options={MODES} onChange={setMode} />
          <div class="bar-actions">
            <button type="submit" class="button button-main" disabled={file === undefined || work.isRunning}>
              Import
            </button>
          </div>
        </div>
        <FailureNote failure={work.failure} />
        <p role="status">{work.isRunning ? 'Importing…' : words}</p>
      </Form>
    </section>
  )
}

/** Lines as one list, as text. */
function listOf(lines: string): string {
  return `[\n${lines.trimEnd().split('\n').join(',\n')}\n]\n`
}

function Export({ path, collection }: { path: string; collection: string }) {
  const [layout, setLayout] = useState<Layout>('ndjson')
  const [filterText, setFilterText] = useState('')
  const filter = queryObject(filterText)
  const work = useAction(async () => {
    if (filter.problem !== undefined) return
    const response = await send('POST', `${path}/find`, {
      headers: { Accept: 'application/x-ndjson', 'Content-Type': 'application/json' },
      body: JSON.stringify({ filter: filter.value ?? {} })
    })
    const name = collection.replaceAll(/[^\w.-]+/g, '-')
    if (layout === 'ndjson') saveFile(await response.blob(), `${name}.ndjson`)
    else saveFile(new Blob([listOf(await response.text())]), `${name}.json`)
  })
  return (
    <section class="card">
      <h2>Export</h2>
      <Form class="bar" label="Export" onSubmit={() => void work.run()}>
        <Field
          label="Only documents that match"
          class="field-wide"
          value={filterText}
          onInput={setFilterText}
          isCode
          placeholder="all"
          problem={filter.problem}
        />
        <Choice label="As" value={layout} options={LAYOUTS} onChange={setLayout} />
        <div class="bar-actions">
          <button type="submit" class="button" disabled={work.isRunning}>
            {work.isRunning ? 'Exporting…' : 'Export'}
          </button>
        </div>
      </Form>
      <FailureNote failure={work.failure} />
    </section>
  )
}
