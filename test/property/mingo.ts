// mingo's answers: of a filter and a document, and what its faults explain.
//
// Promises: a difference counts as explained only when every single condition on which mingo and the judge differ has
// a fault listed for it, and at least one does. Leaves to others: the list (mingo-faults.ts).

import { Query } from 'mingo'
import { judgeLeaf, type Leaf, leavesOf } from './leaves.ts'
import { FILTER_FAULTS } from './mingo-faults.ts'
import type { Fields } from './values.ts'

/** mingo's answer; `throws` where it fails on a valid filter. */
export type Answer = boolean | 'throws'

/** A filter as mingo compiles it. */
export function mingoFilter(filter: Fields): (document: Fields) => Answer {
  let query: Query<Fields>
  try {
    query = new Query<Fields>(filter)
  } catch {
    return () => 'throws'
  }
  return document => {
    try {
      return query.test(document)
    } catch {
      return 'throws'
    }
  }
}

/** Why mingo may answer other than the judge: names of faults, and the conditions for which there are none. */
export interface Explanation {
  readonly faults: readonly string[]
  readonly unexplained: readonly Leaf[]
}

/** Traces a difference between mingo and the judge to the conditions of the filter. */
export function explain(filter: Fields, document: Fields): Explanation {
  const wrong = leavesOf(filter, document).filter(leaf => mingoFilter(leaf.filter)(document) !== judgeLeaf(leaf))
  const named = wrong.map(leaf => ({ leaf, fault: FILTER_FAULTS.find(fault => fault.applies(leaf)) }))
  return {
    faults: named.flatMap(({ fault }) => fault?.name ?? []),
    unexplained: named.filter(({ fault }) => fault === undefined).map(({ leaf }) => leaf)
  }
}
