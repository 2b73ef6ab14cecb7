// The core workloads of YCSB, on the documents of this benchmark: A updates half the time, B seldom, C never; D reads what
// was inserted last, E scans in the order of an index, F reads and writes what it read. Each starts on a file of its own
// that holds all documents; one client, which waits for each answer, also where calls give promises.
// Source: Cooper et al., Benchmarking Cloud Serving Systems with YCSB, SoCC 2010.

import type { IndexedSession, LaterSession, Session } from '../engine.ts'
import { rateOnce, rateOnceLater } from '../timing.ts'
import { demand, type Workload } from '../workload.ts'
import { load, loadLater } from './batch-insert.ts'
import { type Distribution, type Mix, type Operation, planOf } from './ycsb-plan.ts'

const MIXES: Record<string, Mix> = {
  a: { read: 50, update: 50 },
  b: { read: 95, update: 5 },
  c: { read: 100 },
  d: { read: 95, insert: 5 },
  e: { scan: 95, insert: 5 },
  f: { read: 50, modify: 50 }
}

const RULE = 'every operation gets the answer that the ones before it make'

/** The first tenth of the operations, which is not timed, for the compiler's sake; and the others. */
function parted(operations: Operation[]): { first: Operation[]; rest: Operation[] } {
  const end = Math.floor(operations.length / 10)
  return { first: operations.slice(0, end), rest: operations.slice(end) }
}

function scans(session: IndexedSession, { document, limit, found }: Operation): boolean {
  const list = session.findSince(document.createdAt, limit)
  return list.length === found && list[0]?.createdAt === document.createdAt
}

/** Does an operation; gives whether its answer is right. */
function perform(session: Session | IndexedSession, operation: Operation): boolean {
  const { kind, document, age } = operation
  if (kind === 'read') return session.get(document._id)?.age === age
  if (kind === 'scan') return 'findSince' in session && scans(session, operation)
  if (kind === 'insert') session.insert(document)
  else if (kind === 'update') session.setAge(document._id, age)
  else {
    const found = session.get(document._id)
    if (found?.age !== age) return false
    session.setAge(document._id, found.age + 1)
  }
  return true
}

async function ageOf(session: LaterSession, id: string): Promise<number | undefined> {
  const document = session.getNow === undefined ? await session.get(id) : session.getNow(id)
  return document?.age
}

/** As `perform`; none of these engines has indexes to scan. */
async function performLater(session: LaterSession, { kind, document, age }: Operation): Promise<boolean> {
  if (kind === 'read') return (await ageOf(session, document._id)) === age
  if (kind === 'insert') await session.insert(document)
  else if (kind === 'update') await session.setAge(document._id, age)
  else {
    if ((await ageOf(session, document._id)) !== age) return false
    await session.setAge(document._id, age + 1)
  }
  return true
}

function ycsb(letter: string, mix: Mix, distribution: Distribution): Workload {
  const isIndexed = mix.scan !== undefined
  return {
    title: `YCSB ${letter.toUpperCase()} ${distribution}`,
    unit: 'ops/s',
    starts: 'empty',
    isExtra: true,
    ...(isIndexed ? { only: 'indexed' as const } : {}),
    run({ documents, commits, open, openIndexed }) {
      const session = isIndexed ? openIndexed() : open()
      load(session, documents)
      const operations = planOf(documents, commits, mix, distribution)
      let wrong = 0
      const performAll = (list: Operation[]) => {
        for (const operation of list) if (!perform(session, operation)) wrong++
      }
      const { first, rest } = parted(operations)
      performAll(first)
      const rate = rateOnce(rest.length, () => performAll(rest))
      demand(wrong === 0, RULE)
      session.close()
      return rate
    },
    async runLater({ documents, commits, open }) {
      const session = await open()
      await loadLater(session, documents)
      const operations = planOf(documents, commits, mix, distribution)
      let wrong = 0
      const performAll = async (list: Operation[]) => {
        for (const operation of list) if (!(await performLater(session, operation))) wrong++
      }
      const { first, rest } = parted(operations)
      await performAll(first)
      const rate = await rateOnceLater(rest.length, () => performAll(rest))
      demand(wrong === 0, RULE)
      await session.close()
      return rate
    }
  }
}

/** By name: `ycsb-a` and so on, and `ycsb-a-uniform`. */
export const YCSB: Record<string, Workload> = Object.fromEntries(
  Object.entries(MIXES).flatMap(([letter, mix]) => [
    [`ycsb-${letter}`, ycsb(letter, mix, 'zipfian')],
    [`ycsb-${letter}-uniform`, ycsb(letter, mix, 'uniform')]
  ])
)
