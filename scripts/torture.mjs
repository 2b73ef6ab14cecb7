// Tortures the engine for long: `npm run torture -- --minutes N [--seed S] [--seeds N]` on the simulated disk,
// `npm run torture:flips -- [--from JOB] [--to JOB]` with every bit and every length of a file,
// `npm run soak -- --minutes N [--seed S]` with threads that do everything at once; all take --threads N.
//
// Builds the test with the campaign profile and runs its long form. The first runs random workloads, seed after seed,
// stopped at every I/O call, torn, failing and rotting; all failures are collected, shrunk and printed with the command
// that meets them again. The second counts its jobs, prints every minute how far it is, and begins at --from. Without
// --seed the first seed is the clock's, and is printed. The exit status is 1 where anything failed.
// Leaves to others: everything that is done (native/engine/tests: common/simulation/torture.rs, corruption/exhaustive.rs,
// soak).

import { spawnSync } from 'node:child_process'
import { availableParallelism } from 'node:os'
import { parseArgs } from 'node:util'
import { ROOT } from './suite.mjs'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    minutes: { type: 'string' },
    seed: { type: 'string' },
    seeds: { type: 'string' },
    from: { type: 'string' },
    to: { type: 'string' },
    threads: { type: 'string' }
  }
})

/** Test file and test of each form. */
const FORMS = {
  crash: ['crash', 'nothing_breaks_for_minutes_on_all_cores'],
  flips: ['corruption', 'exhaustive::every_bit_and_every_length_of_a_megabyte_is_detected_or_harmless'],
  soak: ['soak', 'memory_is_flat_and_files_are_bounded_for_minutes']
}

const name = /** @type {keyof typeof FORMS} */ (positionals[0] ?? 'crash')
const [test = '', form = ''] = FORMS[name] ?? []
if (test === '') throw new Error(`there is no form ${name}; the forms are ${Object.keys(FORMS).join(', ')}`)
/** @type {Record<string, string | undefined>} */
const settings = {
  QUIRE_THREADS: values.threads ?? String(name === 'soak' ? 8 : availableParallelism()),
  QUIRE_FROM: values.from,
  QUIRE_TO: values.to,
  QUIRE_SEED: values.seed ?? String(Math.floor(Date.now() / 1000)),
  QUIRE_CASES: values.seeds,
  // Without an end of either kind it would never stop.
  QUIRE_MINUTES: values.minutes ?? (values.seeds === undefined ? '1' : undefined)
}
const given = Object.entries(settings).filter(([, value]) => value !== undefined)
const { status } = spawnSync(
  'cargo',
  [
    ...['test', '--profile', 'campaign', '--package', 'quire-engine', '--features', 'simulation'],
    ...['--test', test, '--', '--ignored', '--exact', form, '--nocapture']
  ],
  { cwd: `${ROOT}native`, stdio: 'inherit', env: { ...process.env, ...Object.fromEntries(given) } }
)
process.exitCode = status ?? 1
