// Salvage from TypeScript: documents outside the damage reach a new file.

import { readFileSync, writeFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { salvage } from '../../src/index.ts'
import { opened, rejection, temporaryPath } from '../unit/temporary.ts'

test('documents_outside_a_damaged_page_reach_a_new_file', async () => {
  const path = temporaryPath()
  const documents = Array.from({ length: 2000 }, (_, index) => ({
    _id: index,
    name: `name ${index}`,
    tags: ['a', 'b']
  }))
  const database = opened(path)
  database.collection<{ _id: number }>('people').insertMany(documents)
  database.close()
  const bytes = readFileSync(path)
  const heapPages = Array.from({ length: bytes.length / 4096 }, (_, page) => page).filter(
    page => bytes[page * 4096 + 4] === 1
  )
  const damaged = heapPages[3] ?? 0
  bytes.fill(7, damaged * 4096 + 2000, damaged * 4096 + 2010)
  writeFileSync(path, bytes)
  const report = await salvage(path, `${path}-new`)
  expect(report.problemsCount).toBeGreaterThan(0)
  expect(report.problems.some(problem => problem.code === 'CORRUPTED' && problem.page === damaged)).toBe(true)
  const rescued = opened(`${path}-new`).collection<{ _id: number }>('people').find().toArray()
  expect(rescued.length).toBe(report.documentsCount)
  expect(rescued.length).toBeGreaterThan(1700)
  for (const document of rescued) expect(document).toEqual(documents[document._id])
  expect(await rejection(() => salvage(path, `${path}-new`))).toBe('INVALID_ARGUMENT')
  expect(await rejection(() => salvage(`${path}-absent`, `${path}-other`))).toBe('CANNOT_OPEN')
})
