// How a query is done: in one sentence, in figures, and whole.
//
// Promises: the query runs once for it. Leaves to others: the plan (the server).

import { useState } from 'preact/hooks'
import { ask, type Json, type JsonObject } from '../api.ts'
import { countText, isObject, longText } from '../format.ts'
import { useAction } from '../hooks.ts'
import { FailureNote, Field, Figure, Form } from '../parts.tsx'
import { queryObject } from '../query-text.ts'

/** The stages of a plan, the outermost first. */
function stagesOf(plan: Json | undefined): JsonObject[] {
  if (!isObject(plan)) return []
  const inner = plan['inputStages']
  const more = Array.isArray(inner) ? inner.flatMap(stagesOf) : stagesOf(plan['inputStage'])
  return [plan, ...more]
}

/** What a plan does, as a sentence. */
function sentenceOf(stages: readonly JsonObject[]): string {
  const indexes = stages.flatMap(stage => (typeof stage['indexName'] === 'string' ? [stage['indexName']] : []))
  const sort = stages.some(stage => stage['stage'] === 'SORT') ? ' Then it sorts them.' : ''
  if (indexes.length > 0) return `Uses index ${[...new Set(indexes)].join(' and ')}.${sort}`
  if (stages.some(stage => stage['stage'] === 'COLLSCAN')) return `Reads the whole collection: no index helps.${sort}`
  return `Goes by ${stages.map(stage => String(stage['stage'])).join(', ')}.`
}

/** The part of a view that explains queries. */
export function Explain({ path }: { path: string }) {
  const [filterText, setFilterText] = useState('')
  const [sortText, setSortText] = useState('')
  const [plan, setPlan] = useState<JsonObject>()
  const filter = queryObject(filterText)
  const sort = queryObject(sortText)
  const explain = useAction(async () => {
    if (filter.problem !== undefined || sort.problem !== undefined) return
    const find = { filter: filter.value ?? {}, ...(sort.value === undefined ? {} : { sort: sort.value }) }
    setPlan(await ask('POST', `${path}/explain`, { body: { find } }))
  })
  return (
    <section class="card">
      <h2>Explain a query</h2>
      <Form class="bar" label="Explain" onSubmit={() => void explain.run()}>
        <Field
          label="Filter to explain"
          class="field-wide"
          value={filterText}
          onInput={setFilterText}
          isCode
          placeholder='{"age": {"$gt": 30}}'
          problem={filter.problem}
        />
        <Field
          label="Sort to explain"
          value={sortText}
          onInput={setSortText}
          isCode
          placeholder='{"age": -1}'
          problem={sort.problem}
        />
        <div class="bar-actions">
          <button type="submit" class="button" disabled={explain.isRunning}>
            Explain
          </button>
        </div>
      </Form>
      <FailureNote failure={explain.failure} />
      {plan === undefined ? null : <Plan plan={plan} />}
    </section>
  )
}

function Plan({ plan }: { plan: JsonObject }) {
  const { queryPlanner, executionStats } = plan
  const stages = stagesOf(isObject(queryPlanner) ? queryPlanner['winningPlan'] : undefined)
  const stats = isObject(executionStats) ? executionStats : {}
  const figure = (name: string) => countText(Number(stats[name] ?? 0))
  return (
    <>
      <p role="status" class="note">
        {sentenceOf(stages)}
      </p>
      <dl class="figures">
        <Figure name="Found" value={figure('nReturned')} />
        <Figure name="Keys looked at" value={figure('totalKeysExamined')} />
        <Figure name="Documents read" value={figure('totalDocsExamined')} />
        <Figure name="Time" value={`${figure('executionTimeMillis')} ms`} />
      </dl>
      <details>
        <summary>The whole plan</summary>
        <pre class="code">{longText(plan)}</pre>
      </details>
    </>
  )
}
