// Threads on one database, 1, 2 and 4 of them: all read, or each does 80 reads and 20 updates of a hundred operations. Every
// thread is a worker with a session of its own; what is counted is what all of them do together.

import { once } from 'node:events'
import { setTimeout } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
import { type Done, GO, type Order, STOP } from '../thread.ts'
import { MEASURED_MS } from '../timing.ts'
import { demand, type Workload } from '../workload.ts'

const THREADS = [1, 2, 4]
const WRITE_PARTS = 20
const SEED = 0x7d_4ead
const THREAD_FILE = new URL('../thread.js', import.meta.url)

/** The next thing a thread says. Errors: what it fails with. */
async function message<Value>(worker: Worker): Promise<Value> {
  const [value] = await once(worker, 'message')
  return value
}

/** Has one thread for each order work for a while. */
async function together(orders: Order[], gate: Int32Array): Promise<Done[]> {
  const workers = orders.map(workerData => new Worker(THREAD_FILE, { workerData }))
  await Promise.all(workers.map(worker => message<'ready'>(worker)))
  const ends = workers.map(worker => message<Done>(worker))
  Atomics.store(gate, GO, 1)
  Atomics.notify(gate, GO)
  await setTimeout(2 * MEASURED_MS)
  Atomics.store(gate, STOP, 1)
  return Promise.all(ends)
}

function threads(count: number, writeParts: number): Workload {
  return {
    title: `${writeParts === 0 ? 'read' : `${writeParts}% update`}, ${count} thread${count === 1 ? '' : 's'}`,
    unit: 'ops/s',
    starts: 'loaded',
    only: 'shared',
    isExtra: true,
    async run({ documents, directory, engineName, open }) {
      const gate = new SharedArrayBuffer(2 * Int32Array.BYTES_PER_ELEMENT)
      const orders = Array.from({ length: count }, (_, index) => ({
        engine: engineName,
        directory,
        documentsCount: documents.length,
        writeParts,
        seed: SEED + index,
        gate
      }))
      const all = await together(orders, new Int32Array(gate))
      for (const { wrong } of all) demand(wrong === 0, 'a thread reads a document as it was stored or last written')
      const session = open()
      demand(session.scan().count === documents.length, 'threads lose no document')
      session.close()
      return all.reduce((sum, { operations, elapsedMs }) => sum + (operations / elapsedMs) * 1_000, 0)
    }
  }
}

/** By name: `threads-1-read`, `threads-1-mixed` and so on. */
export const OF_THREADS: Record<string, Workload> = Object.fromEntries(
  THREADS.flatMap(count => [
    [`threads-${count}-read`, threads(count, 0)],
    [`threads-${count}-mixed`, threads(count, WRITE_PARTS)]
  ])
)
