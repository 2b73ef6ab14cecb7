// The rounds: every workload by every engine, each pair a process of its own.
// Engines take turns within a workload, so that the figures that are compared were measured seconds apart, and each
// round begins with the next engine. An engine's file stays for the whole round: the workloads follow in the order of
// workloads/index.ts, the first fills it and the last changes it.

import { execFileSync } from 'node:child_process'
import { mkdirSync, readdirSync, rmSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { bytesOnDisk, filesOf } from './files.ts'
import type { KnownEngine } from './probe.ts'
import type { Sample } from './samples.ts'
import { MEASURED_MS, type Timing } from './timing.ts'
import type { Result, Task } from './worker.ts'
import type { Workload } from './workload.ts'
import { INDEXED_LOAD, KILLED_LOAD, LOAD } from './workloads/index.ts'

/** The key of the samples that tell a loaded file's size. */
export const DISK = 'disk'

const WORKER = fileURLToPath(new URL('worker.js', import.meta.url))

const TIMING: Timing = { measuredMs: MEASURED_MS, clock: 'wall' }

/** What is to be run. */
export interface Plan {
  engines: Map<string, KnownEngine>
  workloads: Map<string, Workload>
  documentsCount: number
  rounds: number
}

/** Whether a workload is for an engine. */
export function applies(workload: Workload, engine: KnownEngine): boolean {
  if (engine.isLater && workload.runLater === undefined) return false
  if ((workload.cold || workload.isForLinux) && process.platform !== 'linux') return false
  if (workload.starts === 'killed' && engine.survives === 'all but the last 100 ms') return false
  if (workload.only === 'indexed') return engine.hasIndexes
  if (workload.only === 'shared') return engine.isShared === true
  if (workload.only === 'persistent') return engine.persistent
  const durable = engine.survives === 'power cut'
  if (workload.only === 'durable') return durable
  if (workload.only === 'not durable') return !durable
  return true
}

/** Runs a worker to its end. Errors: it failed; why stands on the standard error. */
export function runWorker(task: Task): Result {
  // node:sqlite warns of being an experiment, each time anew.
  const flags = ['--expose-gc', '--disable-warning=ExperimentalWarning']
  const output = execFileSync(process.execPath, [...flags, WORKER, JSON.stringify(task)], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit']
  })
  return JSON.parse(output.trim().split('\n').at(-1) ?? '')
}

/** Writes a directory's files out and drops them from the page cache, which GNU dd does without being root. */
function chill(directory: string): void {
  for (const file of filesOf(directory)) {
    execFileSync('dd', [`of=${file}`, 'oflag=nocache', 'conv=notrunc,fdatasync', 'count=0'], {
      stdio: 'ignore'
    })
  }
}

interface Outcome {
  value: number
  /** Size of the loaded file, from the workload that loads it. */
  megabytes?: number
}

/** The workload that fills the file which `key` runs on, or is itself that; undefined on a scratch file. */
export function loadOf(key: string, workload: Workload): string | undefined {
  if (workload.starts === 'killed') return KILLED_LOAD
  if (key === LOAD || workload.starts === 'loaded') return LOAD
  return key === INDEXED_LOAD || workload.starts === 'indexed' ? INDEXED_LOAD : undefined
}

const isKilled = (error: unknown) => error instanceof Error && 'signal' in error && error.signal === 'SIGKILL'

/** Has a load fill a directory, which stays empty when that fails. */
function prepare(directory: string, load: string, work: (workload: string) => Result): void {
  try {
    work(load)
  } catch (error) {
    if (load === KILLED_LOAD && isKilled(error)) return
    rmSync(directory, { recursive: true, force: true })
    throw error
  }
}

/** Runs one engine in one workload, on its own file of this round or on a scratch file. */
function runPair(name: string, key: string, { engines, workloads, documentsCount }: Plan, base: string): Outcome {
  const engine = engines.get(name) as KnownEngine
  const workload = workloads.get(key) as Workload
  const scratch = `${base}/scratch`
  const load = loadOf(key, workload)
  const directory = load === undefined ? scratch : `${base}/${name}-${load}`
  const work = (workload: string) =>
    runWorker({ engine: name, documentsCount, timing: TIMING, jobs: [{ workload, directory }] })
  mkdirSync(directory, { recursive: true })
  try {
    const isLoaded = load === undefined || load === key || !engine.persistent || readdirSync(directory).length > 0
    if (!isLoaded) prepare(directory, load, work)
    if (workload.cold) chill(directory)
    const value = work(key).values[0] as number
    return key === LOAD && engine.persistent ? { value, megabytes: bytesOnDisk(directory) / 1_000_000 } : { value }
  } finally {
    rmSync(scratch, { recursive: true, force: true })
  }
}

/**
 * Runs the plan in databases below `base`, which is removed after each round.
 * Errors: a pair that fails is told to `fail` and leaves no sample; the others run on.
 */
export function runRounds(plan: Plan, base: string, fail: (what: string) => void): Sample[] {
  const samples: Sample[] = []
  const { documentsCount } = plan
  const names = [...plan.engines.keys()]
  for (let round = 0; round < plan.rounds; round++) {
    const order = names.map((_, turn) => names[(round + turn) % names.length] as string)
    for (const [key, workload] of plan.workloads) {
      for (const name of order) {
        if (!applies(workload, plan.engines.get(name) as KnownEngine)) continue
        const title = `${documentsCount} documents  round ${round + 1}/${plan.rounds}  ${key}  ${name}`
        try {
          const { value, megabytes } = runPair(name, key, plan, base)
          samples.push({ engine: name, workload: key, round, documentsCount, value })
          if (megabytes !== undefined)
            samples.push({ engine: name, workload: DISK, round, documentsCount, value: megabytes })
          console.error(`${title}  ${Math.round(value * 10) / 10}`)
        } catch (error) {
          fail(`${title}: ${error instanceof Error ? error.message.split('\n')[0] : error}`)
        }
      }
    }
    rmSync(base, { recursive: true, force: true })
  }
  return samples
}
