// Learns what an engine promises, in a process of its own: a peer's library may be missing, may be too old for this Node,
// or may take its process down with it while it loads, and none of that may end the run.
// Started with an engine's name it loads that engine and prints its facts as one line of JSON.

import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { fileURLToPath } from 'node:url'
import { type EngineFacts, isLater } from './engine.ts'
import { ENGINES } from './engines/index.ts'
import type { LeftOut } from './samples.ts'

/** An engine as the rounds know it, which never load one. */
export interface KnownEngine extends EngineFacts {
  /** Whether its calls give promises. */
  isLater: boolean
  /** Whether it can keep indexes. */
  hasIndexes: boolean
}

/** More of a reason than this says nothing new. */
const REASON_LENGTH_MAX = 200

const THIS_FILE = fileURLToPath(import.meta.url)

/** Why a process ended: what it said of itself, or what the system did to it. */
function reasonOf(complaint: string, signal: string | null): string {
  const said = /^ *what\(\): *(.+)$/m.exec(complaint)?.[1] ?? complaint.trim().split('\n').at(-1) ?? ''
  const short = said.length > REASON_LENGTH_MAX ? `${said.slice(0, REASON_LENGTH_MAX)} …` : said
  return signal === null ? short : `${signal}: ${short}`
}

/** What the named engines promise, and those that cannot be loaded here. */
export function probe(names: string[]): { engines: Map<string, KnownEngine>; leftOut: LeftOut[] } {
  const engines = new Map<string, KnownEngine>()
  const leftOut: LeftOut[] = []
  for (const name of names) {
    const { status, signal, stdout, stderr } = spawnSync(process.execPath, [THIS_FILE, name], { encoding: 'utf8' })
    if (status === 0) engines.set(name, JSON.parse(stdout))
    else leftOut.push({ engine: name, reason: reasonOf(stderr, signal) })
  }
  return { engines, leftOut }
}

/** Loads an engine, opens and closes an empty database with it (some load their library only then), and prints its facts. */
async function tell(name: string): Promise<void> {
  const engine = await ENGINES[name]?.()
  if (engine === undefined) throw new Error(`there is no engine ${name}`)
  const directory = mkdtempSync(`${tmpdir()}/quire-bench-`)
  try {
    await (isLater(engine) ? await engine.openLater(directory) : engine.open(directory)).close()
  } finally {
    rmSync(directory, { recursive: true })
  }
  const hasIndexes = !isLater(engine) && engine.openIndexed !== undefined
  process.stdout.write(`${JSON.stringify({ ...engine, isLater: isLater(engine), hasIndexes })}\n`)
}

if (process.argv[1] === THIS_FILE) {
  try {
    await tell(process.argv[2] ?? '')
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : error}`.replace(/\s+/g, ' '))
    process.exitCode = 1
  }
}
