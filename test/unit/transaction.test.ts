// Transactions: commit, rollback, isolation, misuse; with callbacks that are synchronous and asynchronous.
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { type Database, type Documents, open, type Transaction } from '../../src/index.ts'
import { failure, opened, rejection, temporaryPath } from './temporary.ts'

interface Account {
  _id: string
  balance: number
}

function accounts(database: Database | Transaction, name = 'accounts'): Documents<Account> {
  return database.collection<Account>(name)
}

function bank(): Database {
  const database = opened()
  accounts(database).insertMany([
    { _id: 'a', balance: 100 },
    { _id: 'b', balance: 0 }
  ])
  return database
}

const balances = (database: Database | Transaction) =>
  accounts(database)
    .find()
    .toArray()
    .map(account => account.balance)

test('the_return_of_the_callback_commits', () => {
  const database = bank()
  const result = database.transaction(transaction => {
    accounts(transaction).updateOne({ _id: 'a' }, { $inc: { balance: -30 } })
    accounts(transaction).updateOne({ _id: 'b' }, { $inc: { balance: 30 } })
    accounts(transaction, 'log').insertOne({ _id: '1', balance: 30 })
    expect(balances(transaction)).toEqual([70, 30])
    expect(balances(database)).toEqual([100, 0])
    return 'done'
  })
  expect(result).toBe('done')
  expect(balances(database)).toEqual([70, 30])
  expect(accounts(database, 'log').countDocuments()).toBe(1)
})

test('a_throw_rolls_everything_back', () => {
  const database = bank()
  const thrown = new Error('no')
  expect(() =>
    database.transaction(transaction => {
      accounts(transaction).deleteMany({})
      accounts(transaction, 'log').insertOne({ _id: '1', balance: 30 })
      throw thrown
    })
  ).toThrow(thrown)
  expect(balances(database)).toEqual([100, 0])
  expect(database.listCollections().map(collection => collection.name)).toEqual(['accounts'])
})

test('an_async_callback_commits_and_rolls_back_as_well', async () => {
  const database = bank()
  const result = database.transaction(async transaction => {
    accounts(transaction).updateOne({ _id: 'a' }, { $inc: { balance: 1 } })
    await sleep(5)
    accounts(transaction).updateOne({ _id: 'b' }, { $inc: { balance: 1 } })
    expect(balances(database)).toEqual([100, 0])
    return 5
  })
  expect(result).toBeInstanceOf(Promise)
  expect(await result).toBe(5)
  expect(balances(database)).toEqual([101, 1])
  const thrown = new Error('no')
  await expect(
    database.transaction(async transaction => {
      accounts(transaction).clear()
      await sleep(1)
      throw thrown
    })
  ).rejects.toBe(thrown)
  expect(balances(database)).toEqual([101, 1])
})

test('readers_do_not_wait_for_an_open_transaction', () => {
  const database = bank()
  const transaction = database.begin({ collections: ['accounts'] })
  accounts(transaction).updateMany({}, { $set: { balance: 5 } })
  expect(balances(database)).toEqual([100, 0])
  expect(accounts(database).get('a')?.balance).toBe(100)
  expect(accounts(database).countDocuments({ balance: 5 })).toBe(0)
  transaction.commit()
  expect(balances(database)).toEqual([5, 5])
})

test('a_transaction_reads_the_moment_of_its_beginning', () => {
  const database = bank()
  const transaction = database.begin()
  expect(accounts(transaction).get('a')?.balance).toBe(100)
  accounts(database).updateMany({}, { $set: { balance: 7 } })
  expect(balances(transaction)).toEqual([100, 0])
  transaction.rollback()
})

test('writing_past_an_own_open_transaction_is_refused_at_once', () => {
  const database = bank()
  const transaction = database.begin()
  accounts(transaction).updateOne({ _id: 'a' }, { $inc: { balance: 1 } })
  const start = performance.now()
  expect(failure(() => accounts(database).insertOne({ _id: 'c', balance: 1 })).code).toBe('BUSY')
  expect(failure(() => database.dropCollection('accounts')).code).toBe('BUSY')
  expect(failure(() => database.begin({ collections: ['accounts'] })).code).toBe('BUSY')
  expect(performance.now() - start).toBeLessThan(1000)
  accounts(database, 'other').insertOne({ _id: 'c', balance: 1 })
  transaction.commit()
  accounts(database).insertOne({ _id: 'c', balance: 1 })
})

test('a_transaction_inside_the_callback_of_another_one_is_refused', () => {
  const database = bank()
  expect(failure(() => database.transaction(() => database.transaction(() => 1)))).toMatchObject({
    code: 'INVALID_ARGUMENT',
    message: expect.stringContaining('inside the callback')
  })
  expect(database.transaction(() => 2)).toBe(2)
  expect(failure(() => database.transaction(5 as unknown as () => void)).code).toBe('INVALID_ARGUMENT')
})

test('after_its_end_everything_of_it_refuses', async () => {
  const database = bank()
  let kept: Transaction | undefined
  let documents: Documents<Account> | undefined
  database.transaction(transaction => {
    kept = transaction
    documents = accounts(transaction)
    documents.get('a')
  })
  expect(kept?.active).toBe(false)
  const calls = [
    () => documents?.get('a'),
    () => documents?.has('a'),
    () => documents?.insertOne({ _id: 'x', balance: 1 }),
    () => documents?.insertMany([{ _id: 'x', balance: 1 }]),
    () => documents?.find().toArray(),
    () => documents?.updateOne({ balance: 1 }, { $set: { balance: 2 } }),
    () => documents?.delete('a'),
    () => documents?.clear(),
    () => kept?.collection('accounts'),
    () => kept?.commit(),
    () => kept?.rollback()
  ]
  for (const call of calls) expect(failure(call).code).toBe('TRANSACTION_ENDED')
  expect(await rejection(async () => kept?.commitAsync())).toBe('TRANSACTION_ENDED')
  expect(balances(database)).toEqual([100, 0])
})

test('the_callback_may_end_the_transaction_itself', () => {
  const database = bank()
  database.transaction(transaction => {
    accounts(transaction).clear()
    transaction.rollback()
  })
  expect(balances(database)).toEqual([100, 0])
  database.transaction(transaction => {
    accounts(transaction).delete('a')
    transaction.commit()
  })
  expect(balances(database)).toEqual([0])
})

test('a_transaction_that_is_disposed_is_rolled_back', () => {
  const database = bank()
  {
    using transaction = database.begin()
    accounts(transaction).clear()
  }
  expect(balances(database)).toEqual([100, 0])
  const transaction = database.begin()
  accounts(transaction).delete('b')
  transaction.commit()
  transaction[Symbol.dispose]()
  expect(balances(database)).toEqual([100])
})

test('a_conflict_runs_the_callback_again', () => {
  const database = bank()
  let runs = 0
  database.transaction(transaction => {
    runs++
    const balance = accounts(transaction).get('a')?.balance ?? 0
    if (runs === 1) accounts(database).updateOne({ _id: 'a' }, { $set: { balance: 50 } })
    accounts(transaction).updateOne({ _id: 'a' }, { $set: { balance: balance + 1 } })
  })
  expect(runs).toBe(2)
  expect(accounts(database).get('a')?.balance).toBe(51)
})

test('a_conflict_that_stays_is_thrown_in_the_end', async () => {
  const database = bank()
  const clash = (transaction: Transaction) => {
    accounts(transaction).get('a')
    accounts(database).updateOne({ _id: 'b' }, { $inc: { balance: 1 } })
    accounts(transaction).updateOne({ _id: 'a' }, { $inc: { balance: 1 } })
  }
  expect(failure(() => database.transaction(clash, { retries: 3 })).code).toBe('CONFLICT')
  expect(accounts(database).get('b')?.balance).toBe(4)
  expect(
    await rejection(async () => database.transaction(async transaction => clash(transaction), { retries: 2 }))
  ).toBe('CONFLICT')
  expect(accounts(database).get('b')?.balance).toBe(7)
  expect(accounts(database).get('a')?.balance).toBe(100)
})

test('async_conflicts_run_again_too', async () => {
  const database = bank()
  let runs = 0
  await database.transaction(async transaction => {
    runs++
    const balance = accounts(transaction).get('a')?.balance ?? 0
    await sleep(1)
    if (runs === 1) accounts(database).updateOne({ _id: 'a' }, { $set: { balance: 50 } })
    accounts(transaction).updateOne({ _id: 'a' }, { $set: { balance: balance + 1 } })
  })
  expect(runs).toBe(2)
  expect(accounts(database).get('a')?.balance).toBe(51)
})

test('options_are_checked', () => {
  const database = bank()
  const wrong = [
    { durability: 'x' },
    { collections: 'accounts' },
    { collections: [5] },
    { retries: -1 },
    { timeout: 5 }
  ]
  for (const options of wrong as object[]) {
    expect(failure(() => database.transaction(() => 1, options)).code).toBe('INVALID_ARGUMENT')
    expect(failure(() => database.begin(options)).code).toBe('INVALID_ARGUMENT')
  }
  expect(failure(() => database.begin({ collections: [''] })).code).toBe('INVALID_NAME')
  database.transaction(transaction => {
    expect(failure(() => accounts(transaction).insertOne({ _id: 'x', balance: 1 }, { durability: 'disk' })).code).toBe(
      'INVALID_ARGUMENT'
    )
    expect(failure(() => transaction.collection('')).code).toBe('INVALID_NAME')
  })
})

test('a_disk_durable_transaction_is_there_after_reopening', async () => {
  const path = temporaryPath()
  const database = open(path)
  database.transaction(transaction => accounts(transaction).insertOne({ _id: 'a', balance: 1 }), { durability: 'disk' })
  await database.transaction(async transaction => accounts(transaction).insertOne({ _id: 'b', balance: 2 }), {
    durability: 'disk'
  })
  database.close()
  expect(balances(opened(path))).toEqual([1, 2])
})

test('closing_the_database_rolls_open_transactions_back', () => {
  const path = temporaryPath()
  const database = open(path)
  accounts(database).insertOne({ _id: 'a', balance: 1 })
  const transaction = database.begin()
  accounts(transaction).clear()
  const documents = accounts(transaction)
  database.close()
  expect(failure(() => documents.get('a')).code).toBe('CLOSED')
  expect(failure(() => transaction.commit()).code).toBe('CLOSED')
  expect(balances(opened(path))).toEqual([1])
})

test('many_shapes_inside_and_outside_transactions_stay_apart', () => {
  const database = opened()
  const documents = database.collection<Record<string, unknown>>('x')
  for (let round = 0; round < 50; round++) {
    const shape = (id: string) => ({ _id: id, [`key${round}`]: { [`inner${round}`]: round }, common: 100 })
    for (const commits of [false, true]) {
      const transaction = database.begin()
      const inside = transaction.collection<Record<string, unknown>>('x')
      for (let index = 0; index < 3; index++) inside.put(shape(`${round}-${index}`))
      expect(inside.get(`${round}-1`)).toEqual(shape(`${round}-1`))
      expect(inside.find({ [`key${round}`]: { $exists: true } }).toArray()).toHaveLength(3)
      if (commits) transaction.commit()
      else transaction.rollback()
    }
    documents.put({ _id: `other${round}`, [`z${round}`]: 1, y: 2 })
    for (let index = 0; index <= round; index++) {
      expect(documents.get(`${index}-2`)).toEqual({
        _id: `${index}-2`,
        [`key${index}`]: { [`inner${index}`]: index },
        common: 100
      })
      expect(documents.get(`other${index}`)).toEqual({ _id: `other${index}`, [`z${index}`]: 1, y: 2 })
    }
  }
})
