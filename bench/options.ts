// What the fronts of the benchmark read from their arguments.

/** A whole number from 1. Errors: anything else, with the option's name. */
export function positive(name: string, text: string): number {
  const value = Number(text)
  if (!Number.isSafeInteger(value) || value < 1) throw new Error(`--${name} takes a whole number from 1, not ${text}`)
  return value
}

/** Names out of `names` that begin with a part of the list. Errors: a part begins no name. */
export function chosen(names: string[], wanted: string): string[] {
  const list = wanted.split(',')
  for (const part of list) {
    if (!names.some(name => name.startsWith(part)))
      throw new Error(`nothing is called ${part}; there are ${names.join(', ')}`)
  }
  return names.filter(name => list.some(part => name.startsWith(part)))
}
