// The page that shows the routes to people: the OpenAPI document as HTML, with nothing from elsewhere.
//
// Promises: no script runs on it, and nothing of a request is on it. Leaves to others: the document (openapi.ts).

interface Operation {
  readonly summary?: string
  readonly description?: string
  readonly tags?: readonly string[]
  readonly parameters?: readonly { name: string; in: string; description?: string; schema?: { description?: string } }[]
  readonly requestBody?: { content: Record<string, { schema: unknown }> }
  readonly responses: Record<string, { description: string }>
}

/** What the page may load: nothing but its own style. */
export const DOCS_POLICY = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'"

const STYLE = `:root{color-scheme:light dark;font:16px/1.5 system-ui,sans-serif}body{max-width:60rem;margin:2rem auto;padding:0 1rem}
code,pre{font-family:ui-monospace,monospace;font-size:.9em}pre{overflow:auto;padding:.75rem;border:1px solid #8886;border-radius:.4rem}
summary{cursor:pointer;padding:.3rem 0}summary b{display:inline-block;min-width:4.5rem}details{border-bottom:1px solid #8884}
td{padding:.1rem 1rem .1rem 0;vertical-align:top}`

function escapeHtml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;')
}

function operationHtml(method: string, path: string, operation: Operation): string {
  const { summary = '', description, parameters = [], requestBody, responses } = operation
  const rows = parameters.map(
    one =>
      `<tr><td><code>${escapeHtml(one.name)}</code><td>${one.in}<td>${escapeHtml(one.description ?? one.schema?.description ?? '')}`
  )
  const body = requestBody?.content['application/json']?.schema
  const answers = Object.entries(responses).map(
    ([status, { description }]) => `<tr><td>${status}<td>${escapeHtml(description)}`
  )
  return `<details><summary><b>${method.toUpperCase()}</b> <code>${escapeHtml(path)}</code> ${escapeHtml(summary)}</summary>
${description === undefined ? '' : `<p>${escapeHtml(description)}</p>`}
${rows.length === 0 ? '' : `<table>${rows.join('\n')}</table>`}
${body === undefined ? '' : `<p>Body</p><pre>${escapeHtml(JSON.stringify(body, null, 2))}</pre>`}
<p>Answers</p><table>${answers.join('\n')}</table></details>`
}

/** The page of an OpenAPI document. */
export function docsPage(document: object): string {
  const { info, paths } = document as {
    info: { title: string; version: string; description: string }
    paths: Record<string, Record<string, Operation>>
  }
  const byTag = new Map<string, string[]>()
  for (const [path, operations] of Object.entries(paths)) {
    for (const [method, operation] of Object.entries(operations)) {
      const tag = operation.tags?.[0] ?? ''
      byTag.set(tag, [...(byTag.get(tag) ?? []), operationHtml(method, path, operation)])
    }
  }
  const sections = [...byTag].map(([tag, operations]) => `<h2>${escapeHtml(tag)}</h2>\n${operations.join('\n')}`)
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>${escapeHtml(info.title)}</title><style>${STYLE}</style></head>
<body><h1>${escapeHtml(info.title)} ${escapeHtml(info.version)}</h1><p>${escapeHtml(info.description)}</p>
<p><a href="/openapi.json">openapi.json</a></p>
${sections.join('\n')}
</body></html>`
}
