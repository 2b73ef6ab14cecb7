// What documents cost in bytes: written to the disk for each byte of them, and taken on the disk and in memory by each.
// A document's own bytes are those of its MessagePack. Less is better in all three.

import { readFileSync } from 'node:fs'
import { pack } from 'msgpackr'
import { type BenchDocument, shuffled } from '../documents.ts'
import { bytesOnDisk } from '../files.ts'
import { inFlight } from '../timing.ts'
import { demand, type Workload } from '../workload.ts'

/** Bytes that this process has caused to be written to the disk, as Linux counts them: pages when they become dirty. */
function written(): number {
  const line = /^write_bytes: (\d+)$/m.exec(readFileSync('/proc/self/io', 'utf8'))
  if (line === null) throw new Error('/proc/self/io has no write_bytes')
  return Number(line[1])
}

const ownBytes = (documents: BenchDocument[]) => documents.reduce((sum, document) => sum + pack(document).length, 0)

/** Single inserts in random order into an empty database, which is closed in the end. */
const writeAmplification: Workload = {
  title: 'written per byte',
  unit: 'x',
  starts: 'empty',
  only: 'persistent',
  isExtra: true,
  isForLinux: true,
  run({ documents, commits, open }) {
    const chosen = shuffled(documents).slice(0, commits)
    const bytes = ownBytes(chosen)
    const before = written()
    const session = open()
    for (const document of chosen) session.insert(document)
    demand(session.scan().count === commits, 'every inserted document is there')
    session.close()
    return (written() - before) / bytes
  },
  async runLater({ documents, commits, lanes, open }) {
    const chosen = shuffled(documents).slice(0, commits)
    const bytes = ownBytes(chosen)
    const before = written()
    const session = await open()
    await inFlight(chosen, lanes, document => session.insert(document))
    demand((await session.scan()).count === commits, 'every inserted document is there')
    await session.close()
    return (written() - before) / bytes
  }
}

const bytesPerDocument = ({ documents, directory }: { documents: BenchDocument[]; directory: string }) =>
  bytesOnDisk(directory) / documents.length

/** The files as the load of this round left them. */
const fileBytes: Workload = {
  title: 'disk per document',
  unit: 'B',
  starts: 'loaded',
  only: 'persistent',
  isExtra: true,
  run: bytesPerDocument,
  runLater: async stage => bytesPerDocument(stage)
}

function resident(): number {
  globalThis.gc?.()
  return process.memoryUsage.rss()
}

const READ_RULE = 'a scan meets every document once'

/** What the process grows by when it opens the loaded file and reads all of it; mapped files count, as Linux counts them. */
const residentBytes: Workload = {
  title: 'memory per document',
  unit: 'B',
  starts: 'loaded',
  isExtra: true,
  run({ documents, open }) {
    const before = resident()
    const session = open()
    demand(session.scan().count === documents.length, READ_RULE)
    const after = resident()
    session.close()
    return (after - before) / documents.length
  },
  async runLater({ documents, open }) {
    const before = resident()
    const session = await open()
    demand((await session.scan()).count === documents.length, READ_RULE)
    const after = resident()
    await session.close()
    return (after - before) / documents.length
  }
}

/** Those of the loaded file, which must run before something changes it. */
export const LOADED_BYTES = { 'bytes-disk': fileBytes, 'bytes-memory': residentBytes }

export const WRITTEN_BYTES = { 'bytes-written': writeAmplification }
