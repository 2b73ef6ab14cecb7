// NanoDB's headline lines by QuireDB from Node, and a Map beside them by which figures of another day are scaled.
//
// Shape: 100,000 documents of three fields, durability process, one process. Prints one JSON object: nanoseconds a
// document, a read or an open. Leaves to others: rounds and the table (scripts/bench-seeds.mjs).

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { open } from '../../dist/index.js'

const DOCUMENTS = 100_000
const BATCH = 1000
/** Prime, so that steps of it visit every document, far apart from each other. */
const STEP = 61_803
const PASSES = 5

/** @param {number} index */
const idOf = index => `user-${String((index * STEP) % DOCUMENTS).padStart(11, '0')}`
const documents = Array.from({ length: DOCUMENTS }, (_, index) => ({
  _id: idOf(index),
  name: `User ${index}`,
  age: index % 90
}))
// Copies: a text that was a key already carries its hash.
const ids = documents.map(({ _id }) => Buffer.from(_id).toString('latin1')).reverse()
/** @type {Record<string, number>} */
const figures = {}

/**
 * @param {string} name
 * @param {number} count
 * @param {() => number} work gives how much it saw, which has to be count
 */
function time(name, count, work) {
  const start = process.hrtime.bigint()
  const seen = work()
  figures[name] = Number(process.hrtime.bigint() - start) / count
  if (seen !== count) throw new Error(`${name}: saw ${seen} of ${count}`)
}

/**
 * Times passes over all ids, after one that warms.
 * @param {string} name
 * @param {(id: string) => boolean} isFound
 */
function timeReads(name, isFound) {
  const read = () => ids.filter(isFound).length
  read()
  time(name, PASSES * DOCUMENTS, () => Array.from({ length: PASSES }, read).reduce((sum, count) => sum + count, 0))
}

const folder = mkdtempSync(join(tmpdir(), 'quire-seeds-'))
const path = join(folder, 'seeds.quire')
let db = open(path)
let users = db.collection('users')
time('batch insert', DOCUMENTS, () => {
  for (let at = 0; at < DOCUMENTS; at += BATCH) users.insertMany(documents.slice(at, at + BATCH))
  return DOCUMENTS
})
timeReads('get', id => users.get(id)?._id === id)
time('scan', DOCUMENTS, () => users.find({}).toArray().length)
db.close()
time('open', 1, () => {
  db = open(path)
  users = db.collection('users')
  return users.get(ids[0] ?? '') === undefined ? 0 : 1
})
db.close()
rmSync(folder, { recursive: true })

const map = new Map(documents.map(document => [document._id, document]))
timeReads('map get', id => map.get(id)?._id === id)
console.log(JSON.stringify(figures))
