// The page map: what each page of the file holds, drawn as a field of cells, and the same as a table.
//
// Promises: the table has everything that the drawing has, for who does not see it; colours differ in lightness too.
// Leaves to others: cells and sums (page-map.ts), the pages (the server).

import { useLayoutEffect, useRef, useState } from 'preact/hooks'
import type { PageMap } from '../../server/page-runs.ts'
import { ask, databasePath, withQuery } from '../api.ts'
import { colorNow, onLooks } from '../chart.tsx'
import { bytesText, countOf, countText, percentText } from '../format.ts'
import { useLoad, useShortcuts } from '../hooks.ts'
import { cellsOf, type Group, type Grouping, groupsOf } from '../page-map.ts'
import { Choice, Empty, FailureNote, Figure, TableHead, ViewHead, WideTable } from '../parts.tsx'
import { useShards } from '../shards.ts'

/** Pages of one answer. */
const WINDOW_PAGES = 65_536
/** Most cells that are drawn. */
const CELLS_MAX = 8192
const CELL = 11
const GAP = 1
/** Colours of style/views.css: the last one is that of free pages. */
const COLORS_COUNT = 9
const FREE_COLOR = '--map-free'
const GROUPINGS = [
  ['kind', 'what they hold'],
  ['collection', 'collection']
] as const

/** The view. */
export function Pages({ database }: { database: string }) {
  const [first, setFirst] = useState(0)
  const [grouping, setGrouping] = useState<Grouping>('kind')
  const [shard, setShard] = useState('0')
  const shards = useShards(database)
  const map = useLoad(
    signal =>
      ask<PageMap>('GET', withQuery(`${databasePath(database)}/pages`, { first, shard, limit: WINDOW_PAGES }), {
        signal
      }),
    [database, first, shard]
  )
  useShortcuts({ r: map.reload })
  return (
    <>
      <ViewHead title="Page map">
        <button type="button" class="button" onClick={map.reload}>
          Look again
        </button>
      </ViewHead>
      {shards.length < 2 ? null : (
        <div class="bar">
          <Choice
            label="Shard"
            value={shard}
            options={shards.map((_, place) => [String(place), String(place)] as const)}
            onChange={chosen => {
              setShard(chosen)
              setFirst(0)
            }}
          />
        </div>
      )}
      <FailureNote failure={map.failure} />
      {map.value === undefined ? (
        map.isLoading ? (
          <Empty>Looking at the file…</Empty>
        ) : null
      ) : (
        <Shown map={map.value} first={first} grouping={grouping} onGrouping={setGrouping} onFirst={setFirst} />
      )}
    </>
  )
}

interface ShownProps {
  readonly map: PageMap
  readonly first: number
  readonly grouping: Grouping
  readonly onGrouping: (grouping: Grouping) => void
  readonly onFirst: (first: number) => void
}

function Shown({ map, first, grouping, onGrouping, onFirst }: ShownProps) {
  const { runs, pagesCount, pageBytes, sequence } = map
  const groups = groupsOf(runs, grouping)
  const shownCount = groups.reduce((sum, { pagesCount }) => sum + pagesCount, 0)
  const pagesPerCell = Math.max(1, Math.ceil(shownCount / CELLS_MAX))
  const free = runs.filter(({ kind }) => kind === 'free')
  const largest = free.reduce((most, { count }) => Math.max(most, count), 0)
  return (
    <>
      <dl class="figures">
        <Figure name="File" value={bytesText(pagesCount * pageBytes)} note={countOf(pagesCount, 'page')} />
        <Figure
          name="Free"
          value={percentText(
            free.reduce((sum, { count }) => sum + count, 0),
            shownCount
          )}
          note={`in ${countOf(free.length, 'run')}`}
        />
        <Figure name="Largest free run" value={countOf(largest, 'page')} />
        <Figure name="As of commit" value={countText(sequence)} note="the last checkpoint" />
      </dl>
      <section class="card">
        <div class="bar">
          <Choice label="Colours by" value={grouping} options={GROUPINGS} onChange={onGrouping} />
          {pagesCount <= WINDOW_PAGES ? null : (
            <nav class="pager bar-actions" aria-label="Parts of the file">
              <button
                type="button"
                class="button"
                disabled={first === 0}
                onClick={() => onFirst(Math.max(0, first - WINDOW_PAGES))}
              >
                Before
              </button>
              <span>
                Pages {countText(first)} to {countText(first + shownCount - 1)}
              </span>
              <button
                type="button"
                class="button"
                disabled={first + shownCount >= pagesCount}
                onClick={() => onFirst(first + WINDOW_PAGES)}
              >
                Next
              </button>
            </nav>
          )}
        </div>
        <Drawing cells={cellsOf(runs, groups, grouping, pagesPerCell)} groups={groups} />
        <p class="hint">
          A cell is {countOf(pagesPerCell, 'page')} of {bytesText(pageBytes)}.
        </p>
        <GroupTable groups={groups} shownCount={shownCount} pageBytes={pageBytes} />
      </section>
    </>
  )
}

function colorOf(group: Group | undefined, place: number): string {
  return group?.isFree === true ? FREE_COLOR : `--map-${place % COLORS_COUNT}`
}

function draw(canvas: HTMLCanvasElement, cells: readonly number[], groups: readonly Group[]): void {
  const step = CELL + GAP
  const columns = Math.max(1, Math.floor(canvas.clientWidth / step))
  const height = Math.ceil(cells.length / columns) * step
  const scale = devicePixelRatio
  canvas.style.height = `${height}px`
  canvas.width = canvas.clientWidth * scale
  canvas.height = height * scale
  const context = canvas.getContext('2d')
  if (context === null) return
  const colors = groups.map((group, place) => colorNow(colorOf(group, place)))
  context.scale(scale, scale)
  for (const [index, place] of cells.entries()) {
    context.fillStyle = colors[place] ?? ''
    context.fillRect((index % columns) * step, Math.floor(index / columns) * step, CELL, CELL)
  }
}

function Drawing({ cells, groups }: { cells: readonly number[]; groups: readonly Group[] }) {
  const canvas = useRef<HTMLCanvasElement>(null)
  // Before the page is painted, so that there is no empty field in between.
  useLayoutEffect(() => {
    const element = canvas.current
    if (element === null) return
    const again = () => draw(element, cells, groups)
    again()
    const observer = new ResizeObserver(again)
    if (element.parentElement !== null) observer.observe(element.parentElement)
    const forget = onLooks(again)
    return () => {
      observer.disconnect()
      forget()
    }
  }, [cells, groups])
  return (
    <div>
      <canvas
        ref={canvas}
        class="map"
        role="img"
        aria-label={`Map of ${countOf(cells.length, 'cell')}; the table below has its sums`}
      />
    </div>
  )
}

interface GroupTableProps {
  readonly groups: readonly Group[]
  readonly shownCount: number
  readonly pageBytes: number
}

function GroupTable({ groups, shownCount, pageBytes }: GroupTableProps) {
  const fillOf = ({ freeBytes, documentPagesCount }: Group) =>
    documentPagesCount === 0
      ? '–'
      : percentText(documentPagesCount * pageBytes - freeBytes, documentPagesCount * pageBytes)
  return (
    <WideTable label="Pages by what they hold">
      <TableHead names={['Pages of']} figures={['Pages', 'Size', 'Share', 'Runs', 'Filled']} />
      <tbody>
        {groups.map((group, place) => (
          <tr key={group.name}>
            <th scope="row">
              <span class="map-sign" style={{ background: `var(${colorOf(group, place)})` }} aria-hidden="true" />{' '}
              {group.name}
            </th>
            <td class="number">{countText(group.pagesCount)}</td>
            <td class="number">{bytesText(group.pagesCount * pageBytes)}</td>
            <td class="number">{percentText(group.pagesCount, shownCount)}</td>
            <td class="number">{countText(group.runsCount)}</td>
            <td class="number">{fillOf(group)}</td>
          </tr>
        ))}
      </tbody>
    </WideTable>
  )
}
