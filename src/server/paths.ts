// From a method and a path to what was put there: a tree of the pieces of paths, one for each method.
//
// Promises: a piece that is written out comes before one that is a parameter; a path is found where every piece of it
// leads on, without looking for other ways. What is not found here may be found by hono's router (app.ts), which looks
// for all. Leaves to others: what a path leads to (direct.ts).

interface Node<T> {
  readonly named: Map<string, Node<T>>
  parameter?: Node<T>
  leaf?: { readonly value: T; readonly names: readonly string[] }
}

/** What was found, with the pieces of the path that are parameters. */
export interface Found<T> {
  readonly value: T
  readonly params: Record<string, string>
}

function node<T>(): Node<T> {
  return { named: new Map() }
}

/** Paths with parameters in braces, and what they lead to. */
export class Paths<T> {
  readonly #roots = new Map<string, Node<T>>()

  add(method: string, path: string, value: T): void {
    let at = this.#roots.get(method)
    if (at === undefined) {
      at = node<T>()
      this.#roots.set(method, at)
    }
    const names: string[] = []
    for (const piece of path.slice(1).split('/')) {
      const [, name] = /^\{(\w+)\}$/.exec(piece) ?? []
      if (name !== undefined) names.push(name)
      let next: Node<T> | undefined = name === undefined ? at.named.get(piece) : at.parameter
      if (next === undefined) {
        next = node()
        if (name === undefined) at.named.set(piece, next)
        else at.parameter = next
      }
      at = next
    }
    at.leaf = { value, names }
  }

  /** What a path leads to; undefined where it leads nowhere, or has an escape that is none. */
  find(method: string, path: string): Found<T> | undefined {
    let at = this.#roots.get(method)
    const pieces: string[] = []
    for (let start = 1; at !== undefined && start <= path.length; ) {
      let end = path.indexOf('/', start)
      if (end < 0) end = path.length
      const piece = path.slice(start, end)
      const named: Node<T> | undefined = at.named.get(piece)
      if (named === undefined) {
        if (piece === '') return undefined
        pieces.push(piece)
        at = at.parameter
      } else at = named
      start = end + 1
    }
    if (at?.leaf === undefined || path.endsWith('/')) return undefined
    const { value, names } = at.leaf
    const params: Record<string, string> = {}
    for (const [index, name] of names.entries()) {
      const decoded = decode(pieces[index] as string)
      if (decoded === undefined) return undefined
      params[name] = decoded
    }
    return { value, params }
  }
}

function decode(piece: string): string | undefined {
  if (!piece.includes('%')) return piece
  try {
    return decodeURIComponent(piece)
  } catch {
    return undefined
  }
}
