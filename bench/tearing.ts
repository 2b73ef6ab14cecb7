// Whether a server's transactions are seen whole, and whether what it has acknowledged is there: two counts.
//
// Writers give pairs of keys the same value, both in one transaction; readers ask for both keys of a pair in one
// transaction, and count the answers whose two values differ. Then keys are set and asked for at once, one after the
// other. By memstore's path, which QuireDB answers as well. Leaves to others: sides (server-sides.ts).

import { Agent, request } from 'node:http'

/** What was seen. */
export interface Tears {
  readonly reads: number
  /** Reads of both keys of a pair that saw half of a transaction. */
  readonly torn: number
  readonly sets: number
  /** Reads after an acknowledged set that did not see it. */
  readonly stale: number
}

const PAIRS = 20
const WRITERS = 4
const READERS = 4

interface Command {
  readonly cmd_type: 'GET' | 'SET'
  readonly key: string
  readonly value: string
}

/** Sends a list of commands; gives their results. */
function execute(agent: Agent, url: string, commands: readonly Command[]): Promise<string[]> {
  const body = JSON.stringify({ commands })
  const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) }
  return new Promise((resolve, reject) => {
    const asked = request(`${url}/v1/execute`, { method: 'POST', agent, headers }, response => {
      let text = ''
      response
        .setEncoding('utf8')
        .on('data', piece => (text += piece))
        .on('end', () => {
          if (response.statusCode === 200) resolve((JSON.parse(text) as { results: string[] }).results)
          else reject(new Error(`${url} answered ${response.statusCode}: ${text}`))
        })
    })
    asked.on('error', reject).end(body)
  })
}

/** Looks for torn and stale reads. @param reads how many reads of pairs, and how many sets that are read again */
export async function lookForTears(url: string, reads: number): Promise<Tears> {
  const agent = new Agent({ keepAlive: true })
  const pair = (index: number) => [`tear:${index % PAIRS}:a`, `tear:${index % PAIRS}:b`] as const
  const set = (key: string, value: string): Command => ({ cmd_type: 'SET', key, value })
  const get = (key: string): Command => ({ cmd_type: 'GET', key, value: '' })
  for (let index = 0; index < PAIRS; index++)
    await execute(
      agent,
      url,
      pair(index).map(key => set(key, '0'))
    )
  let started = 0
  let torn = 0
  const writer = async (first: number) => {
    for (let index = first; started < reads; index += WRITERS) {
      await execute(
        agent,
        url,
        pair(index).map(key => set(key, String(index)))
      )
    }
  }
  const reader = async () => {
    while (started < reads) {
      const [one, other] = await execute(agent, url, pair(started++).map(get))
      if (one !== other) torn++
    }
  }
  const writers = Array.from({ length: WRITERS }, (_, first) => writer(first))
  await Promise.all([...writers, ...Array.from({ length: READERS }, reader)])
  let stale = 0
  for (let index = 0; index < reads; index++) {
    await execute(agent, url, [set(`stale:${index}`, 'there')])
    const [found] = await execute(agent, url, [get(`stale:${index}`)])
    if (found !== 'there') stale++
  }
  agent.destroy()
  return { reads: started, torn, sets: reads, stale }
}
