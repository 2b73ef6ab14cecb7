// Tables for people.
//
// Promises: a row for each object, a column for each key that any of them has; a value that is no text is JSON; what
// could move the cursor of a terminal is written as an escape. Leaves to others: drawing (console-table-printer).

import { stripVTControlCharacters } from 'node:util'
import { Table } from 'console-table-printer'
import { stringifyExtended } from '../../index.ts'

/** A table of objects. */
export function tableOf(rows: readonly object[]): string {
  const table = new Table({ columns: columnsOf(rows) })
  for (const row of rows) {
    table.addRow(Object.fromEntries(Object.entries(row).map(([key, value]) => [visible(key), cell(value)])))
  }
  return stripVTControlCharacters(table.render())
}

function columnsOf(rows: readonly object[]) {
  const names = [...new Set(rows.flatMap(row => Object.keys(row)))]
  return names.map(name => {
    const isNumeric = rows.every(row => typeof (row as Record<string, unknown>)[name] === 'number')
    return { name: visible(name), alignment: isNumeric ? ('right' as const) : ('left' as const) }
  })
}

function cell(value: unknown): string {
  return visible(typeof value === 'string' ? value : stringifyExtended(value))
}

function visible(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
  return text.replace(/[\u0000-\u001f\u007f-\u009f]/g, character => JSON.stringify(character).slice(1, -1))
}
