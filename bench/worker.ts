// One engine, one process, one workload as a rule. Prints its result as one line of JSON and nothing else.
// Started by run.ts with the names and the Task as arguments. Before work that cannot be repeated, the engine's and the
// workload's code is warmed up on a file of its own, so that no engine pays for the compiler's first minutes.

import { mkdirSync, rmSync } from 'node:fs'
import { type BenchDocument, documents } from './documents.ts'
import {
  type AnyEngine,
  type Engine,
  isLater,
  type LaterEngine,
  type LaterSession,
  type Session,
  type Survives
} from './engine.ts'
import { ENGINES } from './engines/index.ts'
import { LANES, type Timing, timeBy } from './timing.ts'
import type { LaterStage, Workload } from './workload.ts'
import { load, loadLater } from './workloads/batch-insert.ts'
import { PREPARATIONS, WORKLOADS } from './workloads/index.ts'

/** What a worker is asked to do, as JSON in its only argument. */
export interface Task {
  engine: string
  documentsCount: number
  timing: Timing
  /** What is run one after the other: one job, but where a process for each would take too long. */
  jobs: Job[]
}

/** A workload and where it is run. */
export interface Job {
  workload: string
  /** Directory of the database: empty, or with the loaded file in it. */
  directory: string
}

/** What a worker prints. */
export interface Result {
  /** One figure a job. */
  values: number[]
  /** Largest resident size of the process. */
  residentBytes: number
}

/** Single commits timed where each waits for the disk. */
const DURABLE_COMMITS = 3_000
const WARM_UP_DOCUMENTS = 5_000
const WARM_UP_DURABLE_COMMITS = 200

async function warmUp(session: Session | LaterSession, survives: Survives, list: BenchDocument[]): Promise<void> {
  const commits = survives === 'power cut' ? WARM_UP_DURABLE_COMMITS : WARM_UP_DOCUMENTS / 2
  const some = list.slice(0, commits)
  await loadLater(session, list.slice(0, WARM_UP_DOCUMENTS))
  for (const { _id } of some) await session.setAge(_id, 1)
  for (const { _id } of some) await session.delete(_id)
  for (const document of some) await session.insert(document)
  await session.close()
}

/** What a stage is made of. */
type Work = Omit<LaterStage, 'lanes' | 'open'>

/** Runs a workload on an engine whose calls give promises. */
async function runLater(engine: LaterEngine, workload: Workload, job: Job, work: Work): Promise<number> {
  if (workload.runLater === undefined) throw new Error(`${engine.title} is not asked ${job.workload}`)
  const open = async () => {
    const session = await engine.openLater(job.directory)
    if (workload.starts !== 'empty' && !engine.persistent) await loadLater(session, work.documents)
    return session
  }
  return workload.runLater({ ...work, lanes: engine.survives === 'power cut' ? 1 : LANES, open })
}

function runNow(engine: Engine, workload: Workload, job: Job, work: Work): number | Promise<number> {
  const loaded = <S extends Session>(session: S): S => {
    if (workload.starts !== 'empty' && !engine.persistent) load(session, work.documents)
    return session
  }
  const open = () => loaded(engine.open(job.directory))
  const openIndexed = () => {
    if (engine.openIndexed === undefined) throw new Error(`${engine.title} has no indexes`)
    return loaded(engine.openIndexed(job.directory))
  }
  return workload.run({ ...work, engine, open, openIndexed })
}

async function runJob(
  engine: AnyEngine,
  job: Job,
  list: BenchDocument[],
  engineName: string,
  isFirst: boolean
): Promise<number> {
  const workload = WORKLOADS[job.workload] ?? PREPARATIONS[job.workload]
  if (workload === undefined) throw new Error(`no such workload: ${job.workload}`)
  if (isFirst && workload.unit !== 'ms') {
    const directory = `${job.directory}/warm-up`
    mkdirSync(directory)
    await warmUp(isLater(engine) ? await engine.openLater(directory) : engine.open(directory), engine.survives, list)
    rmSync(directory, { recursive: true })
  }
  const commits = engine.survives === 'power cut' ? Math.min(DURABLE_COMMITS, list.length) : list.length
  const work = { documents: list, commits, directory: job.directory, engineName }
  return isLater(engine) ? runLater(engine, workload, job, work) : runNow(engine, workload, job, work)
}

async function run(task: Task): Promise<Result> {
  const engine = await ENGINES[task.engine]?.()
  if (engine === undefined) throw new Error(`no such engine: ${task.engine}`)
  timeBy(task.timing)
  const list = documents(task.documentsCount)
  const values: number[] = []
  for (const job of task.jobs) values.push(await runJob(engine, job, list, task.engine, values.length === 0))
  return { values, residentBytes: process.resourceUsage().maxRSS * 1_024 }
}

const result = await run(JSON.parse(process.argv[2] ?? '{}') as Task)
process.stdout.write(`${JSON.stringify(result)}\n`)
