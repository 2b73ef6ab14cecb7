// Types: what the compiler refuses by a document's type, and what a schema refuses when the program runs.
import { open, QuireError } from 'quiredb'
import { z } from 'zod'

const Book = z.object({
  title: z.string().min(1),
  year: z.number().int(),
  authors: z.array(z.object({ name: z.string(), born: z.number().optional() }))
})
type Book = z.infer<typeof Book>

using database = open(':memory:')
// Any library of the Standard Schema will do: zod, valibot, arktype. Without a schema the types alone count.
const books = database.collection<Book>('books', { schema: Book })
books.insertOne({ title: 'Notes', year: 1843, authors: [{ name: 'Ada', born: 1815 }] })

// Paths and values of filters, updates and projections are checked; so is what comes back.
const found = books.findOne({ 'authors.name': 'Ada', year: { $lt: 1900 } }, { projection: { title: 1, _id: 0 } })
const title: string | undefined = found?.title
books.updateOne({ year: 1843 }, { $push: { authors: { name: 'Luigi' } } })
console.log(
  title,
  books
    .findOne()
    ?.authors.map(author => author.name)
    .join(' and ')
)

// @ts-expect-error: there is no such field
books.find({ pages: 3 }).close()
// @ts-expect-error: a year is no text
books.find({ year: '1843' }).close()

// What comes from outside the program is checked when it is stored.
try {
  books.insertOne(JSON.parse('{"title": "", "year": 1.5, "authors": []}'))
} catch (error) {
  if (!(error instanceof QuireError)) throw error
  console.log(error.code, books.countDocuments())
}
