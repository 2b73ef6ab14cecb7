// How namespaces and key-value stores are named as collections, for those who have to know before they open one.
//
// Promises: the same names as the package gives; test/server/kv.test.ts compares. Source: docs/KEY-VALUE.md, "Names".

function escaped(name: string): string {
  return name.replaceAll('%', '%25').replaceAll('/', '%2F')
}

/** How the names of all collections of a namespace begin. */
export function namespacePrefix(namespace: string): string {
  return `${escaped(namespace)}/`
}

/** The collection of a key-value store. */
export function storeCollection(namespace: string | undefined, store: string): string {
  return `${namespace === undefined ? '' : namespacePrefix(namespace)}kv:${escaped(store)}`
}
