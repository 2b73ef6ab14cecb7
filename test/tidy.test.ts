// House style, as far as a machine can check it (the words are in docs/STYLE.md).
// Reads the files that git knows or would add; builds nothing. Each test lists every offence, not the first.

import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { basename, extname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const FILE_LINES_MAX = 500
const HEAD_LINES_MAX = 20
const README_LINES_MAX = 150
/** Crates that may hold unsafe code; clippy demands a SAFETY line for each block. */
const UNSAFE_CRATES = ['native/frames', 'native/node', 'native/capi', 'native/fuzz']

/** Modules of the engine, lowest first: a module imports itself and what stands before it. */
const ENGINE_RANKS = [
  ...['error', 'limits', 'bugs', 'format', 'storage', 'wal', 'pager', 'heap', 'index', 'query', 'stats'],
  ...['collection', 'store', 'transaction', 'check', 'dump', 'repair', 'backup', 'compact', 'watch'],
  ...['database', 'salvage', 'command']
]

/** Files of src/ without their ending, in ranks: a file imports its own rank and the ranks before it. */
const SOURCE_RANKS = [
  ['errors', 'document', 'stats'],
  ['paths', 'filter-types', 'update-types', 'projection-types', 'index-types', 'change-types', 'results'],
  ['patterns', 'plain', 'filters', 'options', 'write-options', 'encoder', 'record-reader', 'extended-json'],
  ['names', 'kv-types', 'kv-keys', 'kv-entries', 'kv-changes'],
  ['decoder', 'codec', 'query', 'pipeline'],
  ['native', 'structures'],
  [
    'aggregation',
    'batches',
    'cursor',
    'async-cursor',
    'documents',
    'async-collection',
    'collection',
    'indexes',
    'transaction',
    'schema',
    'source',
    'requests',
    'commands',
    'bulk',
    'guard',
    'change-feed',
    'change-stream',
    'live-query',
    'async-kv',
    'kv',
    'kv-batch',
    'kv-indexes',
    'kv-list',
    'kv-paths',
    'kv-store',
    'kv-stores',
    'namespace'
  ],
  ['database'],
  ['json', 'json-import', 'json-types'],
  ['index'],
  ['server', 'client', 'console'],
  ['cli']
]

/**
 * Folders of src/ that stand above the public door, with what they use of the package besides their own files: `type`
 * where only types are taken, so that no addon is loaded.
 */
const ROOMS: Readonly<Record<string, readonly string[]>> = {
  server: ['index.ts', 'extended-json.ts'],
  client: ['errors.ts', 'extended-json.ts', 'kv-changes.ts', 'names.ts', 'type index.ts'],
  // A page of its own, which speaks HTTP.
  console: ['type stats.ts', 'type server/page-runs.ts'],
  cli: ['index.ts', 'server/index.ts', 'client/index.ts']
}

interface Line {
  file: string
  number: number
  text: string
}

const files = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], { cwd: ROOT })
  .toString()
  .split('\n')
  .filter(file => file !== '' && existsSync(ROOT + file))
const code = files.filter(file =>
  ['.rs', '.ts', '.tsx', '.css', '.mjs', '.c', '.h', '.py', '.go'].includes(extname(file))
)

function read(file: string): string {
  return readFileSync(ROOT + file, 'utf8')
}

function linesOf(chosen: string[]): Line[] {
  return chosen.flatMap(file =>
    read(file)
      .split('\n')
      .map((text, index) => ({ file, number: index + 1, text }))
  )
}

function under(folder: string, extension: string): string[] {
  return code.filter(file => file.startsWith(folder) && file.endsWith(extension))
}

function show({ file, number, text }: Line): string {
  return `${file}:${number}: ${text.trim()}`
}

test('no_code_file_is_longer_than_one_room', () => {
  const long = code
    .map(file => ({ file, lines: read(file).trimEnd().split('\n').length }))
    .filter(({ lines }) => lines > FILE_LINES_MAX)
  expect(long).toEqual([])
})

test('every_code_file_opens_with_a_head', () => {
  // A Rust test module in a file of its own is described by the file it tests.
  const rooms = code.filter(file => !/[/_]tests\.rs$/.test(file))
  const wrong = rooms.flatMap(file => {
    const mark = file.endsWith('.rs') ? /^\/\/!/ : /^(\/\/|\/\*| \*|#)/
    const lines = read(file)
      .replace(/^#!.*\n/, '')
      .split('\n')
    const headLines = lines.findIndex(line => !mark.test(line))
    return headLines >= 1 && headLines <= HEAD_LINES_MAX ? [] : [`${file}: a head of ${headLines} lines`]
  })
  expect(wrong).toEqual([])
})

/** The modules that a Rust file names by `crate::`: alone, or in a braced list over several lines. */
function crateModules(text: string): string[] {
  const code = text.replace(/^\s*\/\/.*$/gm, '')
  return [...code.matchAll(/\bcrate::(?:([a-z_]+)|\{([^;]*)\};)/g)].flatMap(([, alone, list]) => {
    if (alone !== undefined) return [alone]
    let flat = list ?? ''
    while (/\{[^{}]*\}/.test(flat)) flat = flat.replace(/\{[^{}]*\}/g, '')
    return flat.split(',').flatMap(path => /^\s*([a-z_]+)/.exec(path)?.[1] ?? [])
  })
}

test('engine_modules_import_downward_only', () => {
  const folder = 'native/engine/src/'
  const wrong = under(folder, '.rs').flatMap(file => {
    const own = /^[a-z_]+/.exec(file.slice(folder.length))?.[0] ?? ''
    if (own === 'lib') return []
    const ownRank = ENGINE_RANKS.indexOf(own)
    if (ownRank < 0) return [`${file}: give "${own}" a rank in test/tidy.test.ts`]
    return crateModules(read(file))
      .filter(module => module !== own && ENGINE_RANKS.indexOf(module) >= ownRank)
      .map(module => `${file} imports ${module}`)
  })
  expect(wrong).toEqual([])
})

test('braced_and_plain_crate_imports_are_both_seen', () => {
  const text =
    'use crate::wal::Log;\nuse crate::{\n  heap::{Heap, Place},\n  pager::Pager,\n};\nlet a = crate::query::b();'
  expect(crateModules(text)).toEqual(['wal', 'heap', 'pager', 'query'])
})

test('source_files_import_downward_only', () => {
  const rankOf = (path: string) => SOURCE_RANKS.findIndex(rank => rank.includes(path.split(/[/.]/)[0] ?? ''))
  const wrong = linesOf([...under('src/', '.ts'), ...under('src/', '.tsx')]).flatMap(line => {
    const own = line.file.slice('src/'.length)
    if (rankOf(own) < 0) return line.number === 1 ? [`${line.file}: give it a rank in test/tidy.test.ts`] : []
    const imported = /(?:\bfrom|\bimport\(?)\s*'(\.[^']*)'/.exec(line.text)?.[1]
    if (imported === undefined) return []
    const target = new URL(imported, `file:///${own}`).pathname.slice(1)
    return rankOf(target) <= rankOf(own) ? [] : [show(line)]
  })
  expect(wrong).toEqual([])
})

test('rooms_above_the_door_import_the_door_and_their_own', () => {
  const wrong = Object.entries(ROOMS).flatMap(([room, doors]) =>
    [...under(`src/${room}/`, '.ts'), ...under(`src/${room}/`, '.tsx')].flatMap(file => {
      const imports = read(file).matchAll(/^(?:import|export)( type)?\s[^']*?from '(\.[^']*)'/gm)
      return [...imports].flatMap(([, type, path = '']) => {
        const target = new URL(path, `file:///${file}`).pathname.slice('/src/'.length)
        const isAllowed =
          target.startsWith(`${room}/`) ||
          doors.includes(target) ||
          (type !== undefined && doors.includes(`type ${target}`))
        return isAllowed ? [] : [`${file} imports ${target}`]
      })
    })
  )
  expect(wrong).toEqual([])
})

test('only_the_one_door_names_the_addon', () => {
  const wrong = linesOf(under('src/', '.ts')).filter(
    line => line.file !== 'src/native.ts' && /['"][^'"]*native\/dist/.test(line.text)
  )
  expect(wrong.map(show)).toEqual([])
})

test('unsafe_code_stays_in_its_crates', () => {
  const others = under('native/', '.rs').filter(file => !UNSAFE_CRATES.some(crate => file.startsWith(`${crate}/`)))
  const wrong = linesOf(others).filter(line => /^(?!\s*\/\/).*\bunsafe\s+(\{|fn|impl|extern|trait)/.test(line.text))
  expect(wrong.map(show)).toEqual([])
  for (const crate of ['native/engine', 'bindings/rust']) {
    expect(read(`${crate}/src/lib.rs`)).toContain('#![forbid(unsafe_code)]')
  }
})

test('every_crate_keeps_the_workspace_lints', () => {
  const crates = files.filter(file => /^(native\/(?!fuzz\/)[^/]+|bindings\/rust)\/Cargo\.toml$/.test(file))
  expect(crates.filter(file => !/^\[lints\]\nworkspace = true$/m.test(read(file)))).toEqual([])
  const lints = read('native/Cargo.toml')
  for (const lint of ['unwrap_used', 'expect_used', 'panic', 'print_stdout', 'undocumented_unsafe_blocks']) {
    expect(lints).toContain(`${lint} = "deny"`)
  }
})

test('files_are_named_in_the_case_of_their_language', () => {
  const shapes: Record<string, RegExp> = {
    '.rs': /^[a-z0-9]+(_[a-z0-9]+)*$/,
    '.py': /^(__init__|[a-z0-9]+(_[a-z0-9]+)*)$/,
    '.go': /^[a-z0-9]+(_[a-z0-9]+)*$/,
    '.ts': /^[a-z0-9]+(-[a-z0-9]+)*(\.(test|config|d))?$/,
    '.tsx': /^[a-z0-9]+(-[a-z0-9]+)*$/,
    '.css': /^[a-z0-9]+(-[a-z0-9]+)*$/,
    '.mjs': /^[a-z0-9]+(-[a-z0-9]+)*$/
  }
  const wrong = code.filter(file => shapes[extname(file)]?.test(basename(file, extname(file))) === false)
  expect(wrong).toEqual([])
})

test('nothing_names_a_machine_or_a_registry', () => {
  const texts = files.filter(file => /\.(rs|tsx?|css|mjs|c|h|py|go|md|json|toml|lock|yml|sh)$|\.ci\/run$/.test(file))
  const forbidden = [
    /(^|[\s"'`(=:])\/(home|Users|work|root)\/[a-z]/,
    /registry\.(npmjs|yarnpkg)\.|(index|static)\.crates\.io|proxy\.golang\.|files\.pythonhosted\./,
    /"resolved": "\w+:/
  ]
  const wrong = linesOf(texts).filter(line => forbidden.some(pattern => pattern.test(line.text)))
  expect(wrong.map(show)).toEqual([])
})

test('nothing_is_left_half_done', () => {
  const others = code.filter(file => file !== 'test/tidy.test.ts')
  const wrong = linesOf(others).filter(line =>
    /\b(TODO|FIXME|XXX|HACK)\b|\b(test|it|describe)\.only\(|\bfor now\b|^#\[ignore\]/.test(line.text)
  )
  expect(wrong.map(show)).toEqual([])
})

test('the_library_prints_nothing', () => {
  const wrong = linesOf([...under('src/', '.ts'), ...under('src/', '.tsx')]).filter(line =>
    /^(?!\s*(\/\/|\*)).*\bconsole\.(log|error|warn|info|debug|trace|table|dir)\b/.test(line.text)
  )
  expect(wrong.map(show)).toEqual([])
})

test('the_package_and_the_crates_have_one_version', () => {
  expect(/^version = "([^"]+)"/m.exec(read('native/Cargo.toml'))?.[1]).toBe(JSON.parse(read('package.json')).version)
})

test('the_readme_is_short_and_holds_the_two_commands', () => {
  const readme = read('README.md')
  expect(readme.trimEnd().split('\n').length).toBeLessThanOrEqual(README_LINES_MAX)
  expect(readme).toContain('npm ci && npm run demo')
  expect(readme).toContain('npm ci && npm test')
})
