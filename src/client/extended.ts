// The values that a server writes as Extended JSON, as what they are.
//
// Promises: what is no such form stays as it is. Source: docs/SERVER.md, "Forms".

/** The value with dates, bytes and large numbers in the place of their forms. */
export function revived(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.map(revived)
  const entries = Object.entries(value)
  const single = entries.length === 1 ? extendedValue(entries[0] as [string, unknown]) : undefined
  return single ?? Object.fromEntries(entries.map(([key, inner]) => [key, revived(inner)]))
}

function extendedValue([key, inner]: [string, unknown]): unknown {
  switch (key) {
    case '$date':
      return typeof inner === 'string' ? new Date(inner) : undefined
    case '$numberLong':
      return typeof inner === 'string' ? BigInt(inner) : undefined
    case '$numberDouble':
      return typeof inner === 'string' ? Number(inner) : undefined
    case '$binary': {
      const { base64 } = inner as { base64?: unknown }
      return typeof base64 === 'string' ? Uint8Array.from(atob(base64), letter => letter.charCodeAt(0)) : undefined
    }
    default:
      return undefined
  }
}
