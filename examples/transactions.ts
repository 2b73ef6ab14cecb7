// Several writes that happen together or not at all.
import { open } from 'quiredb'

interface Account {
  _id: string
  balance: number
}

using database = open(':memory:')
const accounts = database.collection<Account>('accounts')
accounts.insertMany([
  { _id: 'ada', balance: 100 },
  { _id: 'bob', balance: 0 }
])

function transfer(from: string, to: string, amount: number): void {
  // Returning commits, throwing rolls back. Nobody else sees anything in between.
  database.transaction(transaction => {
    const inside = transaction.collection<Account>('accounts')
    inside.updateOne({ _id: from }, { $inc: { balance: -amount } })
    inside.updateOne({ _id: to }, { $inc: { balance: amount } })
    if ((inside.get(from)?.balance ?? 0) < 0) throw new Error(`${from} has not enough`)
  })
}

transfer('ada', 'bob', 30)
try {
  transfer('bob', 'ada', 500)
} catch (error) {
  console.log('rolled back:', (error as Error).message)
}
for (const account of accounts.find()) console.log(account._id, account.balance)
