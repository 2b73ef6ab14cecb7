// One of several threads that work on one database: reads of random documents, and writes among them where it is asked.
// It says when it is ready, begins when all are let go, and tells in the end how much it did and how many answers were wrong.
// Started by workloads/threads.ts, which has the gate that all threads wait at.

import { parentPort, workerData } from 'node:worker_threads'
import { type BenchDocument, documents, generator } from './documents.ts'
import { isLater, type Session } from './engine.ts'
import { ENGINES } from './engines/index.ts'

/** What a thread is told. */
export interface Order {
  /** Its name. */
  engine: string
  directory: string
  documentsCount: number
  /** Writes in a hundred operations. */
  writeParts: number
  /** Which documents it takes, and in which order. */
  seed: number
  /** Two 32-bit numbers: whether to go, and whether to stop. */
  gate: SharedArrayBuffer
}

/** What a thread tells in the end. */
export interface Done {
  operations: number
  wrong: number
  elapsedMs: number
}

/** Places in the gate. */
export const GO = 0
export const STOP = 1

/** What every write adds to a document's age: so each has its own or this. */
const ADDED = 100
const WARM_UP_OPERATIONS = 5_000
/** Operations between two looks at the gate. */
const STRIDE = 32

function isRight(found: BenchDocument | undefined, { email, age }: BenchDocument): boolean {
  return found?.email === email && (found.age === age || found.age === age + ADDED)
}

async function main(order: Order): Promise<void> {
  const engine = await ENGINES[order.engine]?.()
  if (engine === undefined || isLater(engine)) throw new Error(`${order.engine} is not for threads`)
  const list = documents(order.documentsCount)
  const session: Session = engine.open(order.directory)
  const below = generator(order.seed)
  let wrong = 0
  const work = (count: number) => {
    for (let turn = 0; turn < count; turn++) {
      const document = list[below(list.length)] as BenchDocument
      if (below(100) < order.writeParts) session.setAge(document._id, document.age + ADDED)
      else if (!isRight(session.get(document._id), document)) wrong++
    }
  }
  work(WARM_UP_OPERATIONS)
  const gate = new Int32Array(order.gate)
  parentPort?.postMessage('ready')
  Atomics.wait(gate, GO, 0)
  const start = performance.now()
  let operations = 0
  for (; Atomics.load(gate, STOP) === 0; operations += STRIDE) work(STRIDE)
  const elapsedMs = performance.now() - start
  session.close()
  const done: Done = { operations, wrong, elapsedMs }
  parentPort?.postMessage(done)
}

if (parentPort !== null) await main(workerData as Order)
