// MongoDB's language: an index, an ordered query, what was done to answer it, an upsert, groups, a bulk of writes.
import { open } from 'quiredb'

interface Order {
  _id: number
  customer: string
  status: 'open' | 'paid'
  lines: { item: string; price: number; count: number }[]
}

using database = open(':memory:')
const orders = database.collection<Order>('orders')
orders.insertMany([
  { _id: 1, customer: 'ada', status: 'paid', lines: [{ item: 'ink', price: 4, count: 2 }] },
  { _id: 2, customer: 'bob', status: 'open', lines: [{ item: 'nib', price: 1, count: 9 }] },
  { _id: 3, customer: 'ada', status: 'open', lines: [{ item: 'pen', price: 20, count: 1 }] }
])

// Fields of sub-documents in arrays can be asked and indexed by their path.
orders.createIndex({ 'lines.price': -1 })
const costly = orders.find({ 'lines.price': { $gte: 4 } }).sort({ 'lines.price': -1 })
console.log(
  costly
    .toArray()
    .map(({ _id }) => _id)
    .join(', '),
  'are costly'
)
const { executionStats } = orders.find({ 'lines.price': 20 }).hint({ 'lines.price': -1 }).explain()
console.log('documents read for the one at 20:', executionStats.totalDocsExamined)

// The element that the filter found is `$` in the update; an upsert inserts where nothing matches.
orders.updateOne({ _id: 2, 'lines.item': 'nib' }, { $inc: { 'lines.$.count': 1 } })
const { upsertedId } = orders.updateOne(
  { _id: 4 },
  { $set: { customer: 'cid', status: 'open', lines: [] } },
  { upsert: true }
)
console.log('inserted', upsertedId, '· nibs', orders.get(2)?.lines[0]?.count)

// Pipelines compute over many documents.
const totals = orders.aggregate<{ _id: string; total: number }>([
  { $unwind: '$lines' },
  { $group: { _id: '$customer', total: { $sum: { $multiply: ['$lines.price', '$lines.count'] } } } },
  { $sort: { total: -1 } }
])
for (const { _id, total } of totals) console.log(_id, total)

// Many writes in one commit, each with its own result.
const { modifiedCount, deletedCount } = orders.bulkWrite([
  { updateMany: { filter: { customer: 'ada' }, update: { $set: { status: 'paid' } } } },
  { deleteOne: { filter: { lines: { $size: 0 } } } }
])
console.log(modifiedCount, 'paid,', deletedCount, 'deleted')
