// Inserts documents of its own number, one commit each, and says so when they are all there. Started by checks.ts.

import { parentPort, workerData } from 'node:worker_threads'
import { open } from 'quiredb'

const { path, number, count } = workerData as { path: string; number: number; count: number }
const db = open(path)
for (let at = 0; at < count; at++) db.collection('a').insertOne({ number, at })
db.close()
parentPort?.postMessage('done')
