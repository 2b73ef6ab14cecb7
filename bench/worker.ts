// One engine, one workload, one process. Prints its result as one line of JSON and nothing else.
// Started by run.ts with the names and the Task as arguments. Before work that cannot be repeated, the engine's and the
// workload's code is warmed up on a file of its own, so that no engine pays for the compiler's first minutes.

import { mkdirSync, rmSync } from 'node:fs'
import { type BenchDocument, documents } from './documents.ts'
import { type Engine, isLater, type LaterEngine, type Session } from './engine.ts'
import { ENGINES } from './engines/index.ts'
import type { Workload } from './workload.ts'
import { BATCH } from './workloads/batch-insert.ts'
import { WORKLOADS } from './workloads/index.ts'

/** What a worker is asked to do, as JSON in its only argument. */
export interface Task {
  engine: string
  workload: string
  documentsCount: number
  /** Directory of the database: empty, or with the loaded file in it. */
  directory: string
}

/** What a worker prints. */
export interface Result {
  value: number
  /** Largest resident size of the process. */
  residentBytes: number
}

/** Single commits timed where each waits for the disk. */
const DURABLE_COMMITS = 3_000
const WARM_UP_DOCUMENTS = 5_000
const WARM_UP_DURABLE_COMMITS = 200

function load(session: Session, list: BenchDocument[]): void {
  for (let start = 0; start < list.length; start += BATCH) session.insertMany(list.slice(start, start + BATCH))
}

function warmUp(engine: Engine, directory: string, list: BenchDocument[]): void {
  mkdirSync(directory)
  const session = engine.open(directory)
  const commits = engine.survives === 'power cut' ? WARM_UP_DURABLE_COMMITS : WARM_UP_DOCUMENTS / 2
  load(session, list.slice(0, WARM_UP_DOCUMENTS))
  for (const document of list.slice(0, commits)) session.setAge(document._id, 1)
  for (const document of list.slice(0, commits)) session.delete(document._id)
  for (const document of list.slice(0, commits)) session.insert(document)
  session.close()
  rmSync(directory, { recursive: true })
}

/** Runs a workload on an engine whose calls give promises; its passes are their own warm-up. */
async function runLater(engine: LaterEngine, workload: Workload, task: Task): Promise<number> {
  if (workload.runLater === undefined) throw new Error(`${task.engine} is not asked ${task.workload}`)
  const list = documents(task.documentsCount)
  const open = async () => {
    const session = await engine.openLater(task.directory)
    for (let start = 0; start < list.length; start += BATCH) await session.insertMany(list.slice(start, start + BATCH))
    return session
  }
  return workload.runLater({ documents: list, open })
}

function runNow(engine: Engine, workload: Workload, task: Task): number {
  const list = documents(task.documentsCount)
  if (workload.unit !== 'ms') warmUp(engine, `${task.directory}/warm-up`, list)
  const loaded = <S extends Session>(session: S): S => {
    if (workload.starts !== 'empty' && !engine.persistent) load(session, list)
    return session
  }
  const open = () => loaded(engine.open(task.directory))
  const openIndexed = () => {
    if (engine.openIndexed === undefined) throw new Error(`${task.engine} has no indexes`)
    return loaded(engine.openIndexed(task.directory))
  }
  const commits = engine.survives === 'power cut' ? Math.min(DURABLE_COMMITS, list.length) : list.length
  return workload.run({ engine, documents: list, commits, open, openIndexed })
}

async function run(task: Task): Promise<Result> {
  const workload = WORKLOADS[task.workload]
  const engine = await ENGINES[task.engine]?.()
  if (workload === undefined || engine === undefined) throw new Error(`no such pair: ${task.engine}, ${task.workload}`)
  const value = isLater(engine) ? await runLater(engine, workload, task) : runNow(engine, workload, task)
  return { value, residentBytes: process.resourceUsage().maxRSS * 1_024 }
}

const result = await run(JSON.parse(process.argv[2] ?? '{}') as Task)
process.stdout.write(`${JSON.stringify(result)}\n`)
