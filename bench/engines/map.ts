// A plain Map, twice: of live objects (no decoding at all) and of MessagePack buffers (decoding and nothing else).
// Neither stores anything; they are the ceilings that an engine in this language can be held against.

import { pack, unpack } from 'msgpackr'
import { type BenchDocument, groupByCity, passes } from '../documents.ts'
import type { CityGroup, Engine, Session } from '../engine.ts'

class MapSession<Stored> implements Session {
  readonly #documents = new Map<string, Stored>()
  readonly #encode: (document: BenchDocument) => Stored
  readonly #decode: (stored: Stored) => BenchDocument

  constructor(encode: (document: BenchDocument) => Stored, decode: (stored: Stored) => BenchDocument) {
    this.#encode = encode
    this.#decode = decode
  }

  insertMany(documents: BenchDocument[]): void {
    for (const document of documents) this.insert(document)
  }

  insert(document: BenchDocument): void {
    this.#documents.set(document._id, this.#encode(document))
  }

  get(id: string): BenchDocument | undefined {
    const stored = this.#documents.get(id)
    return stored === undefined ? undefined : this.#decode(stored)
  }

  scan(): { count: number; ages: number } {
    let ages = 0
    for (const stored of this.#documents.values()) ages += this.#decode(stored).age
    return { count: this.#documents.size, ages }
  }

  filter(): number {
    const found = []
    for (const stored of this.#documents.values()) {
      const document = this.#decode(stored)
      if (passes(document)) found.push(document)
    }
    return found.length
  }

  count(): number {
    return this.filter()
  }

  group(): CityGroup[] {
    return groupByCity(this.#decoded())
  }

  *#decoded(): Iterable<BenchDocument> {
    for (const stored of this.#documents.values()) yield this.#decode(stored)
  }

  setAge(id: string, age: number): void {
    const document = this.get(id)
    if (document !== undefined) this.insert({ ...document, age })
  }

  delete(id: string): void {
    this.#documents.delete(id)
  }

  close(): void {
    this.#documents.clear()
  }
}

export const mapObjects: Engine = {
  title: 'Map of objects',
  survives: 'nothing',
  persistent: false,
  open: () =>
    new MapSession(
      document => document,
      document => document
    )
}

export const mapBuffers: Engine = {
  title: 'Map of msgpackr buffers',
  survives: 'nothing',
  persistent: false,
  package: 'msgpackr',
  open: () => new MapSession<Buffer>(pack, unpack)
}
