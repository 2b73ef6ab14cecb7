// Real processes whose calls to the operating system fail, and what a workload in them may leave behind.
//
// A plan is a list of steps with known effects. The child does them one by one and says how each ended and, after a
// failure, what it can read; the model keeps for every document the values that it may then have: an acknowledged step
// leaves one, a failed one either. Promises: nothing here depends on time; the same plan makes the same calls.
// Leaves to others: failing the calls (faults.c), the tests (faults.test.ts).

import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect } from 'vitest'
import { type Document, open } from '../../src/index.ts'
import { type Ended, ended, startChild } from './child.ts'

/** One thing that a workload does. `write` names the documents it touches and the number that they then have. */
export interface Step {
  does: 'put' | 'many' | 'update' | 'delete' | 'pair' | 'drop' | 'other'
  ids: string[]
  value: number
  /** Bytes of text in each document. */
  text: number
  durability: 'process' | 'disk'
  /** For `other`: what is called. */
  call: '' | keyof typeof CALLS
}

/**
 * What steps call, as the child has it. `fill` leaves `value` pages free on the disk, `empty` gives all back, and
 * `salvage` reads the backup before it.
 */
const CALLS = {
  checkpoint: 'database.checkpoint()',
  backup: "database.backup((backup = path + '.backup' + n))",
  compact: 'database.compact()',
  index: "database.collection('items').createIndex({ n: 1 })",
  dropIndex: "database.collection('items').dropIndex('n_1')",
  sync: 'database.sync()',
  reopen: '{ try { database.close() } finally { if (!start()) process.exit(9) } }',
  expire: 'database.expireDocuments()',
  salvage: "salvage(backup, path + '.salvaged' + n)",
  fill: 'fill(step.value)',
  empty: 'rmSync(ballast)',
  read: "say('state ' + state())"
}

/** A step that writes. */
export function write(
  does: Step['does'],
  ids: string[],
  value: number,
  text = 100,
  durability: Step['durability'] = 'process'
) {
  return { does, ids, value, text, durability, call: '' } satisfies Step
}

/** A step that calls something else. */
export function other(call: keyof typeof CALLS, value = 0): Step {
  return { ...write('other', [], value), call }
}

/** A workload with everything in it, three sessions long. */
export function mixedPlan(): Step[] {
  const steps: Step[] = []
  for (let round = 0; round < 3; round++) {
    const id = (name: string) => `items/${name}${round}`
    const value = round * 100
    steps.push(write('put', [id('a')], value), write('put', [id('b')], value + 1, 300, 'disk'))
    steps.push(
      write(
        'many',
        [1, 2, 3, 4, 5].map(n => id(`m${n}-`)),
        value + 2,
        900
      )
    )
    steps.push(
      write('pair', ['left/n', 'right/n'], value + 3),
      other('sync'),
      write('put', [id('big')], value + 4, 60_000)
    )
    steps.push(
      other('index'),
      other('checkpoint'),
      write('update', [id('a')], value + 5),
      write('delete', [id('b')], 0)
    )
    steps.push(
      write('put', [`other${round}/x`], value + 6, 5000),
      other('backup'),
      write('drop', [`other${round}/x`], 0)
    )
    steps.push(write('update', [id('big')], value + 7, 90_000, 'disk'), other('compact'), other('dropIndex'))
    steps.push(write('pair', ['left/n', 'right/n'], value + 8, 100, 'disk'), other('expire'), other('checkpoint'))
    steps.push(write('put', ['items/same'], value + 9), other('reopen'), write('put', [id('late')], value + 10))
  }
  return steps
}

/** Does the plan; says `open CODE` or `open`, then for each step `ok n` or `failed n CODE`, and `state {…}` or `unread CODE`. */
const WORKLOAD = `
const { closeSync, openSync, rmSync, statfsSync, writeSync } = await import('node:fs')
const { dirname } = await import('node:path')
const { plan, log, ending } = JSON.parse(process.argv[2])
const say = text => writeSync(1, text + '\\n')
let database
let backup
const ballast = dirname(path) + '/ballast'
function fill(pages) {
  const file = openSync(ballast, 'a')
  const { bavail, bsize } = statfsSync(ballast)
  for (let free = bavail; free > pages; free--) writeSync(file, Buffer.alloc(bsize))
  closeSync(file)
}
function start() {
  for (let tries = 0; tries < 2; tries++) {
    try {
      database = open(path, { log, syncInterval: 3600000, ttlInterval: 0 })
      return true
    } catch (error) {
      say('unopened ' + error.code + ' ' + error.message)
      if (error.code === undefined) throw error
    }
  }
  return false
}
const collectionOf = id => database.collection(id.split('/')[0])
const documentOf = (id, step) => ({ _id: id.split('/')[1], n: step.value, text: 'x'.repeat(step.text) })
const calls = {
  ${Object.entries(CALLS)
    .map(([name, call]) => `${name}: (n, step) => ${call}`)
    .join(',\n  ')}
}
const verbs = {
  put: (step, options) => collectionOf(step.ids[0]).put(documentOf(step.ids[0], step), options),
  many: (step, options) => collectionOf(step.ids[0]).insertMany(step.ids.map(id => documentOf(id, step)), options),
  update: (step, options) => {
    const { _id, ...fields } = documentOf(step.ids[0], step)
    collectionOf(step.ids[0]).updateOne({ _id }, { $set: fields }, { ...options, upsert: true })
  },
  delete: (step, options) => collectionOf(step.ids[0]).delete(step.ids[0].split('/')[1], options),
  pair: (step, options) => database.transaction(transaction => {
    for (const id of step.ids) transaction.collection(id.split('/')[0]).put(documentOf(id, step))
  }, options),
  drop: (step, options) => database.dropCollection(step.ids[0].split('/')[0], options),
  other: (step, _, n) => calls[step.call](n, step)
}
function state() {
  const found = {}
  for (const { name } of database.listCollections())
    for (const item of database.collection(name).find()) found[name + '/' + item._id] = item.n + ':' + item.text.length
  return JSON.stringify(found)
}
if (!start()) process.exit(9)
for (const [n, step] of plan.entries()) {
  try {
    await verbs[step.does](step, { durability: step.durability }, n)
    say('ok ' + n)
  } catch (error) {
    if (error.code === undefined) throw error
    say('failed ' + n + ' ' + error.code + ' ' + error.message)
    try { say('state ' + state()) } catch (error) { say('unread ' + error.code + ' ' + error.message) }
  }
}
if (ending === 'kill') process.kill(process.pid, 'SIGKILL')
try { database.close() } catch (error) { say('unclosed ' + error.code + ' ' + error.message) }
`

/** What makes calls fail; see faults.c. */
export interface Faults {
  at: number
  error: 'EIO' | 'ENOSPC'
  isForever: boolean
}

/** How a child did a plan. */
export interface Run extends Ended {
  /** Steps that were acknowledged, and codes of those that were not, in order. */
  steps: { number: number; code: string }[]
  lines: string[]
}

const ERRNOS = { EIO: 5, ENOSPC: 28 }
let library: string | undefined

/** The library to preload; an error in words where this machine cannot make it. */
export function faultLibrary(): { path: string } | { missing: string } {
  if (process.platform !== 'linux') return { missing: 'calls are failed by a library that Linux preloads' }
  if (library === undefined) {
    const folder = mkdtempSync(join(tmpdir(), 'quiredb-faults-'))
    process.on('exit', () => rmSync(folder, { recursive: true, force: true }))
    const path = join(folder, 'faults.so')
    const source = fileURLToPath(new URL('faults.c', import.meta.url))
    const made = spawnSync('cc', ['-shared', '-fPIC', '-O1', '-Wall', '-Wextra', '-Werror', source, '-o', path, '-ldl'])
    if (made.error !== undefined) return { missing: 'there is no C compiler (cc) on the PATH' }
    if (made.status !== 0) throw new Error(String(made.stderr))
    library = path
  }
  return { path: library }
}

/** The environment under which calls on files in `folder` fail; `told` gets the names of those that did. */
export function faultEnvironment(folder: string, told: string, { at, error, isForever }: Faults): NodeJS.ProcessEnv {
  const made = faultLibrary()
  if ('missing' in made) throw new Error(made.missing)
  return {
    ...process.env,
    LD_PRELOAD: made.path,
    QUIRE_FAULT_FOLDER: folder,
    QUIRE_FAULT_TOLD: told,
    QUIRE_FAULT_AT: String(at),
    QUIRE_FAULT_ERROR: String(ERRNOS[error]),
    QUIRE_FAULT_FOREVER: isForever ? '1' : '0',
    QUIRE_FAULT_SPACE: error === 'ENOSPC' ? '1' : '0'
  }
}

/** Runs `plan` on the database at `path` in a process of its own. */
export async function runPlan(
  path: string,
  plan: readonly Step[],
  options: { log: 'mapped' | 'write'; ending: 'kill' | 'close'; environment?: NodeJS.ProcessEnv }
): Promise<Run> {
  const { environment, ...told } = options
  const run = await ended(startChild(WORKLOAD, path, [JSON.stringify({ plan, ...told })], environment))
  const lines = run.stdout.trimEnd().split('\n')
  const steps = lines.flatMap(line => {
    const found = /^(?:ok (\d+)|failed (\d+) (\w+))/.exec(line)
    return found === null ? [] : [{ number: Number(found[1] ?? found[2]), code: found[3] ?? '' }]
  })
  return { ...run, lines, steps }
}

/** What each document may be: its number and length of text, or nothing. */
type Model = Map<string, Set<string | undefined>>

function permit(model: Model, step: Step, isAcknowledged: boolean): void {
  for (const id of step.ids) {
    const next = step.does === 'delete' || step.does === 'drop' ? undefined : `${step.value}:${step.text}`
    const before = isAcknowledged ? [] : (model.get(id) ?? new Set([undefined]))
    model.set(id, new Set([...before, next]))
  }
}

function expectPermitted(model: Model, found: Record<string, string>, when: string): void {
  const ids = new Set([...model.keys(), ...Object.keys(found)])
  const wrong = [...ids].filter(id => !(model.get(id) ?? new Set([undefined])).has(found[id]))
  expect([when, wrong.map(id => [id, found[id], [...(model.get(id) ?? [])]])]).toEqual([when, []])
  expect([when, found['left/n']]).toEqual([when, found['right/n']])
}

/** Everything that the database at `path` holds, once it was opened and checked; it is written to and closed as well. */
async function opensWhole(path: string): Promise<Record<string, string>> {
  const database = open(path)
  const found: Record<string, string> = {}
  try {
    expect(await database.check()).toMatchObject({ isClean: true, problems: [] })
    for (const { name } of database.listCollections()) {
      for (const item of database.collection<Document>(name).find()) {
        const { _id, n, text } = item as unknown as { _id: string; n: number; text: string }
        found[`${name}/${_id}`] = `${n}:${text.length}`
      }
    }
    database.collection<Document>('after').insertOne({ n: 1 })
  } finally {
    database.close()
  }
  return found
}

/** Holds what a run said, and the file that it left, against the model; gives what the file holds. */
export async function expectKept(path: string, plan: readonly Step[], run: Run, when: string): Promise<void> {
  const model: Model = new Map()
  for (const line of run.lines) {
    const [word = '', number = ''] = line.split(' ', 2)
    const step = plan[Number(number)]
    if ((word === 'ok' || word === 'failed') && step !== undefined) permit(model, step, word === 'ok')
    if (word === 'state') expectPermitted(model, JSON.parse(line.slice('state '.length)), `${when}, in the process`)
  }
  expectPermitted(model, await opensWhole(path), `${when}, opened again`)
}
