// How far an import or export is, on stderr.
//
// Promises: shown only on a terminal, so that logs and pipes have none of it. Leaves to others: drawing (cli-progress).

import { Presets, SingleBar } from 'cli-progress'

const BAR_FORMAT = '{bar} {percentage}% | {documents} documents | {eta_formatted} left'
const OPEN_FORMAT = '{documents} documents | {duration_formatted}'

/** A bar. */
export class ProgressBar {
  readonly #bar: SingleBar | undefined

  /** @param total what stands for all of it; undefined when that is not known */
  constructor(total: number | undefined) {
    if (!process.stderr.isTTY) return
    const format = total === undefined ? OPEN_FORMAT : BAR_FORMAT
    this.#bar = new SingleBar({ format, stream: process.stderr, hideCursor: true }, Presets.shades_classic)
    this.#bar.start(total ?? 1, 0, { documents: 0 })
  }

  /** Shows that `done` of the total are done, with so many documents. */
  show(done: number, documents: number): void {
    this.#bar?.update(done, { documents })
  }

  /** Leaves the last state on the terminal. */
  end(): void {
    this.#bar?.stop()
  }
}
