// The process that demo.ts kills: inserts one document after another, and writes the id of each to its output once the
// insert has returned. Durability is the default, `process`: what has returned survives the death of this process.

import { writeSync } from 'node:fs'
import { open } from 'quiredb'

const STANDARD_OUTPUT = 1

const visits = open(process.argv[2] ?? ':memory:').collection<{ _id?: string; number: number; at: number }>('visits')
for (let number = 0; ; number++) {
  const { insertedId } = visits.insertOne({ number, at: Date.now() })
  writeSync(STANDARD_OUTPUT, `${insertedId}\n`)
}
