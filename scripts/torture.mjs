// Tortures the engine on the simulated disk: `npm run torture -- --minutes N [--seed S] [--seeds N] [--threads N]`.
//
// Builds the crash test with the campaign profile and runs its long form: random workloads, seed after seed, stopped at
// every I/O call, torn, failing and rotting. All failures are collected, shrunk and printed with the command that meets
// them again; the exit status is 1 if there are any. Without --seed the first seed is the clock's, and is printed.
// Leaves to others: everything that is done (native/engine/tests/common/simulation/torture.rs).

import { spawnSync } from 'node:child_process'
import { availableParallelism } from 'node:os'
import { parseArgs } from 'node:util'
import { ROOT } from './suite.mjs'

const { values } = parseArgs({
  options: {
    minutes: { type: 'string' },
    seed: { type: 'string', default: String(Math.floor(Date.now() / 1000)) },
    seeds: { type: 'string' },
    threads: { type: 'string', default: String(availableParallelism()) }
  }
})
// Without an end of either kind it would never stop.
if (values.minutes === undefined && values.seeds === undefined) values.minutes = '1'

const test = ['--test', 'crash', '--', '--ignored', '--exact', 'nothing_breaks_for_minutes_on_all_cores', '--nocapture']
const { status } = spawnSync(
  'cargo',
  ['test', '--profile', 'campaign', '--package', 'quire-engine', '--features', 'simulation', ...test],
  {
    cwd: `${ROOT}native`,
    stdio: 'inherit',
    env: {
      ...process.env,
      QUIRE_SEED: values.seed,
      QUIRE_THREADS: values.threads,
      ...(values.minutes === undefined ? {} : { QUIRE_MINUTES: values.minutes }),
      ...(values.seeds === undefined ? {} : { QUIRE_CASES: values.seeds })
    }
  }
)
process.exitCode = status ?? 1
