// Runs one conformance case on the package: a database of its own, its steps one after the other.
//
// README.md says what cases and operations are. Promises: a step whose result is another one than the case says fails
// with the case's own words; what the case opened is closed. Leaves to others: values (values.ts), which cases there
// are and what they cover (conformance.test.ts).

import { closeSync, existsSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  BulkWriteError,
  type ChangeStream,
  type Collection,
  type Cursor,
  type Database,
  type Document,
  type Documents,
  type ExplainedStage,
  type OpenOptions,
  open,
  QuireError,
  salvage,
  type Transaction
} from 'quiredb'
import { decoded, difference, type Json, type JsonMap } from './values.ts'

export interface Step {
  readonly op: string
  readonly collection?: string | null
  readonly of?: string
  readonly arguments?: JsonMap
  readonly steps?: readonly Step[]
  readonly end?: 'commit' | 'rollback'
  readonly as?: string
  readonly save?: string
  readonly result?: Json
  readonly error?: string | readonly string[]
}

export interface Case {
  readonly name: string
  readonly options?: JsonMap
  readonly storage?: string
  readonly ids?: 'ulid' | 'integer'
  readonly documents?: readonly JsonMap[]
  readonly indexes?: readonly JsonMap[]
  readonly steps: readonly Step[]
}

type Argument =
  | ('id' | 'document' | 'documents' | 'replacement' | 'filter' | 'update' | 'operations' | 'field' | 'pipeline')
  | ('keys' | 'options' | 'indexes' | 'index' | 'name' | 'from' | 'to' | 'bytes' | 'offset')
type Arguments = { readonly [A in Argument]: never }
type Opened = Transaction | Cursor<Document> | ChangeStream<Document>

/** The collection of steps that name none. */
const THINGS = 'things'
const ROLLBACK = new Error('the case rolls back')

/** Runs the case; rejects with what is otherwise than it says. */
export async function runCase(given: Case): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), 'quiredb-conformance-'))
  const run = new Run(directory, given)
  try {
    if (given.storage !== 'none') run.begin(given)
    for (const [index, step] of given.steps.entries()) await run.step(step, `steps[${index}] ${step.op}`)
  } finally {
    run.database?.close()
    rmSync(directory, { recursive: true, force: true })
  }
}

/** A case while it runs. */
class Run {
  /** Where its files are. */
  readonly directory: string
  path: string
  options: OpenOptions
  database: Database | undefined
  readonly opened = new Map<string, Opened>()
  readonly saved = new Map<string, unknown>()

  constructor(directory: string, { storage, options = {} }: Case) {
    this.directory = directory
    this.path = storage === undefined ? ':memory:' : storage
    if (storage === 'file' || storage === 'none') this.path = this.file('case')
    this.options = options as never
  }

  /** The path of the case's file of this name. */
  file(name: string): string {
    return join(this.directory, `${name}.quire`)
  }

  /** Makes what the case begins with. */
  begin({ ids, documents, indexes }: Case): void {
    const database = this.open()
    if (ids !== undefined) database.createCollection(THINGS, { ids })
    const things = database.collection<Document>(THINGS)
    if (documents !== undefined) things.insertMany(documents.map(document => decoded(document, this.saved) as Document))
    if (indexes !== undefined) things.createIndexes(decoded(indexes, this.saved) as never)
  }

  open(): Database {
    this.database = open(this.path, this.options)
    return this.database
  }

  async step(step: Step, where: string, transaction?: Transaction): Promise<void> {
    const operation = OPERATIONS[step.op]
    if (operation === undefined) throw new Error(`${where}: no such operation`)
    const given = decoded(step.arguments ?? {}, this.saved) as Arguments
    let result: unknown
    let code: string | undefined
    try {
      result = await operation(new Call(this, step, where, transaction), given)
    } catch (error) {
      if (!(error instanceof QuireError)) throw error
      if (step.error === undefined) throw new Error(`${where}: ${error.code}: ${error.message}`, { cause: error })
      code = error.code
      if (error instanceof BulkWriteError) {
        const { acknowledged: _, ok: __, ...done } = error.result
        result = { ...done, writeErrors: error.writeErrors.map(({ index, code }) => ({ index, code })) }
      }
    }
    if (step.error !== undefined && !step.error.includes(code ?? 'nothing')) {
      throw new Error(`${where}: ${step.error} expected, got ${code ?? 'no error'}`)
    }
    if (step.save !== undefined) this.saved.set(step.save, result)
    const found = step.result === undefined ? undefined : difference(step.result, result ?? null, this.saved)
    if (found !== undefined) throw new Error(`${where}: ${found}`)
  }
}

/** One step, with what it works on. */
class Call {
  readonly run: Run
  readonly step: Step
  readonly #where: string
  readonly #transaction: Transaction | undefined

  constructor(run: Run, step: Step, where: string, transaction: Transaction | undefined) {
    this.run = run
    this.step = step
    this.#where = where
    this.#transaction = transaction
  }

  get database(): Database {
    return this.run.database as Database
  }

  get collection(): Collection<Document> {
    return this.database.collection<Document>(this.step.collection ?? THINGS)
  }

  /** The documents of the collection, in the transaction of the step where it has one. */
  get documents(): Documents<Document> {
    const transaction = this.#transaction ?? (this.step.of === undefined ? undefined : this.opened<Transaction>())
    return transaction?.collection<Document>(this.step.collection ?? THINGS) ?? this.collection
  }

  /** What `of` names. */
  opened<T extends Opened>(): T {
    return this.run.opened.get(this.step.of as string) as T
  }

  keep(opened: Opened): void {
    if (this.step.as !== undefined) this.run.opened.set(this.step.as, opened)
  }

  /** Runs the steps within this one. */
  async inside(transaction: Transaction): Promise<void> {
    for (const [index, step] of (this.step.steps ?? []).entries()) {
      await this.run.step(step, `${this.#where}, steps[${index}] ${step.op}`, transaction)
    }
    if (this.step.end === 'rollback') throw ROLLBACK
  }
}

type Operation = (call: Call, given: Arguments) => unknown

const updated = ({ matchedCount, modifiedCount, upsertedId }: ReturnType<Documents<Document>['updateOne']>) => ({
  matchedCount,
  modifiedCount,
  upsertedId
})
const without = ({ acknowledged: _, ok: __, ...result }: { acknowledged: true; ok?: 0 | 1 }) => result
/** The options as they are given, or none. */
const some = (options: object) => (Object.keys(options).length === 0 ? undefined : options) as never

/** Every operation that a case may have. */
export const OPERATIONS: { readonly [op: string]: Operation } = {
  insertOne: ({ documents }, { document, ...options }) => documents.insertOne(document, some(options)).insertedId,
  insertMany: (call, { documents, ...options }) => without(call.documents.insertMany(documents, some(options))),
  get: ({ documents }, { id }) => documents.get(id),
  has: ({ documents }, { id }) => documents.has(id),
  put: ({ documents }, { document }) => documents.put(document),
  replace: ({ documents }, { id, document }) => documents.replaceOne({ _id: id }, document).matchedCount === 1,
  update: ({ documents }, { id, update }) => {
    const { matchedCount, modifiedCount } = documents.updateOne({ _id: id }, update)
    return { found: matchedCount === 1, modified: modifiedCount === 1 }
  },
  delete: ({ documents }, { id }) => documents.delete(id),
  clear: ({ documents }) => documents.clear(),
  find: ({ documents }, { filter, ...options }) => documents.find(filter, some(options)).toArray(),
  findOne: ({ documents }, { filter, ...options }) => documents.findOne(filter, some(options)),
  countDocuments: ({ documents }, { filter, ...options }) => documents.countDocuments(filter, some(options)),
  estimatedDocumentCount: ({ documents }) => documents.estimatedDocumentCount(),
  distinct: ({ documents }, { field, filter }) => documents.distinct(field, filter),
  aggregate: (call, { pipeline }) =>
    (call.step.collection === null ? call.database : call.documents).aggregate(pipeline).toArray(),
  updateOne: (call, { filter, update, ...options }) => updated(call.documents.updateOne(filter, update, some(options))),
  updateMany: (call, { filter, update, ...options }) =>
    updated(call.documents.updateMany(filter, update, some(options))),
  replaceOne: (call, { filter, replacement, ...options }) =>
    updated(call.documents.replaceOne(filter, replacement, some(options))),
  deleteOne: ({ documents }, { filter, ...options }) => without(documents.deleteOne(filter, some(options))),
  deleteMany: ({ documents }, { filter, ...options }) => without(documents.deleteMany(filter, some(options))),
  findOneAndUpdate: ({ documents }, { filter, update, ...options }) =>
    documents.findOneAndUpdate(filter, update, some(options)),
  findOneAndReplace: ({ documents }, { filter, replacement, ...options }) =>
    documents.findOneAndReplace(filter, replacement, some(options)),
  findOneAndDelete: ({ documents }, { filter, ...options }) => documents.findOneAndDelete(filter, some(options)),
  bulkWrite: ({ documents }, { operations, ...options }) => without(documents.bulkWrite(operations, some(options))),
  openCursor: (call, { filter, ...options }) => call.keep(call.documents.find(filter, some(options))),
  next: call => call.opened<Cursor<Document>>().next(),
  rest: call => call.opened<Cursor<Document>>().toArray(),
  closeCursor: call => call.opened<Cursor<Document>>().close(),
  explain: ({ documents }, { filter, ...options }) => explained(documents.find(filter, some(options)).explain()),
  explainAggregate: ({ documents }, { pipeline }) => documents.aggregate(pipeline).explain(),
  createIndex: ({ collection }, { keys, options }) => collection.createIndex(keys, options),
  createIndexes: ({ collection }, { indexes }) => collection.createIndexes(indexes),
  dropIndex: ({ collection }, { index }) => collection.dropIndex(index),
  dropIndexes: ({ collection }) => collection.dropIndexes(),
  listIndexes: ({ collection }) => collection.listIndexes(),
  drop: ({ collection }) => collection.drop(),
  rename: ({ collection }, { to }) => collection.rename(to),
  createCollection: ({ database }, { name, ...options }) => void database.createCollection(name, some(options)),
  dropCollection: ({ database }, { name }) => database.dropCollection(name),
  renameCollection: ({ database }, { from, to }) => database.renameCollection(from, to),
  listCollections: ({ database }) => database.listCollections(),
  expireDocuments: ({ database }) => database.expireDocuments(),
  stats: ({ database }) => database.stats(),
  check: ({ database }) => database.check(),
  sync: ({ database }) => database.sync(),
  checkpoint: ({ database }) => database.checkpoint(),
  compact: ({ database }) => database.compact(),
  backup: ({ database, run }, { to }) => database.backup(run.file(to)),
  salvage: ({ run }, { to }) => salvage(run.path, run.file(to)),
  close: ({ database }) => database.close(),
  reopen: ({ database, run }) => {
    database.close()
    run.open()
  },
  open: ({ run }, options) => {
    run.options = options as never
    run.open()
  },
  useFile: ({ database, run }, { name }) => {
    database.close()
    run.path = run.file(name)
  },
  transaction: async (call, options) => {
    try {
      await call.database.transaction(transaction => call.inside(transaction), some(options))
    } catch (error) {
      if (error !== ROLLBACK) throw error
    }
  },
  begin: (call, options) => call.keep(call.database.begin(some(options))),
  commit: call => call.opened<Transaction>().commit(),
  rollback: call => call.opened<Transaction>().rollback(),
  watch: (call, { filter, ...options }) => {
    const target = call.step.collection === null ? call.database : call.collection
    call.keep(target.watch(filter, some(options)) as never)
  },
  events: call => {
    const events: object[] = []
    const stream = call.opened<ChangeStream<Document>>()
    for (let event = stream.tryNext(); event !== null; event = stream.tryNext()) events.push(event)
    return events
  },
  token: call => call.opened<ChangeStream<Document>>().resumeToken,
  closeStream: call => call.opened<ChangeStream<Document>>().close(),
  writeFile: ({ run }, { bytes, offset }) => writeFile(run.path, bytes, offset),
  damageFile: ({ run }, { from }) => {
    const rest = readFileSync(run.path).subarray(from)
    writeFile(run.path, rest.map(byte => ~byte) as Uint8Array, from)
  }
}

/** Writes into the file, or makes it of these bytes alone. */
function writeFile(path: string, bytes: Uint8Array, offset: number | undefined): void {
  if (offset === undefined || !existsSync(path)) {
    writeFileSync(path, bytes)
    return
  }
  const file = openSync(path, 'r+')
  writeSync(file, bytes, 0, bytes.length, offset)
  closeSync(file)
}

/** The names of a plan's stages, the last one first, the index that it reads, and what that took. */
function explained({ queryPlanner, executionStats }: ReturnType<Cursor<Document>['explain']>): object {
  const stages: string[] = []
  let indexName: string | undefined
  for (let stage: ExplainedStage | undefined = queryPlanner.winningPlan; stage !== undefined; ) {
    stages.push(stage.stage)
    indexName ??= stage.indexName
    stage = stage.inputStage ?? stage.inputStages?.[0]
  }
  return { stages, indexName: indexName ?? null, ...executionStats }
}
