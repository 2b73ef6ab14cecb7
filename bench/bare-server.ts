// What Node's HTTP costs by itself: takes a request with its body, and answers a line of JSON that never changes.
//
// The limit of any server in Node, and a side of bench/server.ts; prints its address as `quire serve --json` does.

import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

const ANSWER = Buffer.from(JSON.stringify({ results: ['x'.repeat(100)] }))
const HEADERS = { 'Content-Type': 'application/json', 'Content-Length': ANSWER.length }

const server = createServer({ noDelay: true }, (request, response) => {
  request
    .on('data', () => undefined)
    .on('end', () => {
      response.writeHead(200, HEADERS)
      response.end(ANSWER)
    })
})
server.listen(0, '127.0.0.1', () => {
  console.log(JSON.stringify({ url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` }))
})
process.on('SIGTERM', () => process.exit())
