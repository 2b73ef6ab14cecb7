// Links of the OpenAPI document: what can be asked of a thing that a request has just made.
//
// They follow from the paths: a PUT makes what its path names, a POST what its answer names. Clients find their way by
// them, and schemathesis makes chains of requests of them. Promises: a link has every parameter of the path that it
// leads to. Leaves to others: everything else of the document (openapi.ts).
// Source: OpenAPI 3.1, "Link Object".

import type { Route } from './route.ts'

/** What answers of POST routes name: the parameter of the path behind them, and where it is. */
const NAMED: Readonly<Record<string, readonly [parameter: string, place: string]>> = {
  '/v1/databases/{database}/collections/{collection}/documents': ['id', '$response.body#/insertedId'],
  '/v1/databases/{database}/collections/{collection}/indexes': ['index', '$response.body#/names/0']
}

/** A link, as the document has it. */
export interface Link {
  readonly operationId: string
  readonly parameters: Readonly<Record<string, string>>
}

/**
 * The links of a route's answers that are no failures; undefined where it makes nothing.
 * @param operationOf the name of an operation
 */
export function linksOf(
  { shape }: Route,
  routes: readonly Route[],
  operationOf: (method: string, path: string) => string
): Record<string, Link> | undefined {
  const named = shape.method === 'post' ? NAMED[shape.path] : undefined
  if (shape.method !== 'put' && named === undefined) return undefined
  const known = Object.fromEntries(namesIn(shape.path).map(name => [name, `$request.path.${name}`]))
  if (named !== undefined) known[named[0]] = named[1]
  const made = named === undefined ? shape.path : `${shape.path}/{${named[0]}}`
  const links: Record<string, Link> = {}
  for (const { shape: other } of routes) {
    if (other.path !== made && !other.path.startsWith(`${made}/`)) continue
    const names = namesIn(other.path)
    if (names.some(name => known[name] === undefined)) continue
    const operationId = operationOf(other.method, other.path)
    links[operationId] = {
      operationId,
      parameters: Object.fromEntries(names.map(name => [name, known[name] as string]))
    }
  }
  return links
}

function namesIn(path: string): string[] {
  return [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name as string)
}
