// The documents that the type tests speak of.

/** A document with a field of every kind. */
export interface Order {
  _id: string
  customer: { name: string; address?: { city: string; zip: number } }
  items: { sku: string; price: number; marks: number[]; maker: { country: string } }[]
  tags: readonly string[]
  total: number
  big?: bigint
  note?: string | null
  placed: Date
  photo?: Uint8Array
  flag: boolean
  extra?: Record<string, unknown>
  anything?: unknown
  matrix?: number[][]
}

/** A type that holds itself. */
export interface Tree {
  value: number
  left?: Tree
  right?: Tree
  children: Tree[]
}

/** A type that is one of two. */
export type Shape = { kind: 'circle'; radius: number } | { kind: 'square'; side: number; corner: { x: number } }
