// A server of the built package, and a browser before its console, for tests.
//
// Promises: whatever the page complains of is a failure of the test, but what the test said would come: complaints are
// kept until `expectNoComplaint`, where each has to be one that was foreseen. Pictures go to build/console-pictures.

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { type Browser, chromium, type Page } from 'playwright-core'
import { expect } from 'vitest'
import { createToken, revokeToken, type TokenScope } from '../../src/server/index.ts'
import { QUIRE } from '../cli/quire.ts'

const PICTURES = fileURLToPath(new URL('../../build/console-pictures/', import.meta.url))
const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
/** Largest wait for anything to be seen, in milliseconds. */
const SEEN_MS_MAX = 15_000

/** The window that the tests are done in. */
export const WINDOW = { width: 1280, height: 860 }

/** A running server. */
export interface Served {
  readonly url: string
  /** A token for everything; empty where none is asked for. */
  readonly token: string
  /** A token for reading namespace shop of database main. */
  readonly shopToken: string
  readonly directory: string
  /** Takes a token back. */
  revoke(token: string): void
  stop(): Promise<void>
}

/** Starts a server as a user does, in a folder of its own. */
export async function startServer({ isOpen = false } = {}): Promise<Served> {
  const directory = mkdtempSync(join(tmpdir(), 'quiredb-console-'))
  const data = join(directory, 'data')
  const tokenOf = (scope: TokenScope) => (isOpen ? '' : createToken(data, { name: 'tester', scopes: [scope] }).token)
  const token = tokenOf({ database: '*', access: 'admin' })
  const shopToken = tokenOf({ database: 'main', namespace: 'shop', access: 'read' })
  const args = [QUIRE, 'serve', 'data', '--port', '0', '--json', '--log-level', 'error']
  const child = spawn(process.execPath, args, { cwd: directory, stdio: ['ignore', 'pipe', 'inherit'] })
  const [line] = (await Promise.race([once(createInterface(child.stdout), 'line'), once(child, 'close')])) as [string]
  const { url } = JSON.parse(line) as { url: string }
  const stop = async () => {
    child.kill('SIGINT')
    await once(child, 'close')
    rmSync(directory, { recursive: true, force: true })
  }
  const revoke = (secret: string) => void revokeToken(data, secret.split('_')[1] ?? '')
  return { url, token, shopToken, directory, revoke, stop }
}

/** Starts the browser that the suite found. */
export function startBrowser(): Promise<Browser> {
  const executablePath = process.env['CHROMIUM_PATH']
  if (executablePath === undefined) throw new Error('CHROMIUM_PATH is not set: run scripts/test-console.mjs')
  const args = ['--no-sandbox', '--disable-dev-shm-usage', '--disable-gpu', '--force-color-profile=srgb']
  return chromium.launch({ executablePath, args, headless: true })
}

/** The console in a window, with what it complains of. */
export class Console {
  readonly page: Page
  readonly #complaints: string[] = []
  #foreseen: RegExp[] = []

  private constructor(page: Page) {
    this.page = page
    page.setDefaultTimeout(SEEN_MS_MAX)
    page.on('console', message => {
      if (message.type() === 'error' || message.type() === 'warning') this.#complaints.push(message.text())
    })
    page.on('pageerror', error => this.#complaints.push(`thrown: ${error.message}`))
    page.on('requestfailed', request => {
      const why = request.failure()?.errorText ?? ''
      // What a view asked for and did not wait for, because it was left.
      if (why !== 'net::ERR_ABORTED') this.#complaints.push(`${request.url()}: ${why}`)
    })
  }

  /** Opens the console in a new window; the policy of the server is in force there. */
  static async open(browser: Browser, url: string): Promise<Console> {
    // A language of its own: that of a system without any is one that pages cannot use.
    const page = await browser.newPage({ viewport: WINDOW, colorScheme: 'light', locale: 'en-US' })
    const opened = new Console(page)
    await page.addInitScript({ content: AXE })
    await page.goto(`${url}/console`)
    return opened
  }

  /** Says that a complaint will come which is right: the browser tells of every refused request. */
  foresee(...patterns: RegExp[]): void {
    this.#foreseen.push(...patterns)
  }

  /** @throws where the page complained of anything that was not foreseen, or did not of what was */
  expectNoComplaint(): void {
    const unforeseen = this.#complaints.filter(text => !this.#foreseen.some(pattern => pattern.test(text)))
    expect(unforeseen).toEqual([])
    const missing = this.#foreseen.filter(pattern => !this.#complaints.some(text => pattern.test(text)))
    expect(missing).toEqual([])
    this.#complaints.length = 0
    this.#foreseen = []
  }

  /** Logs in as a user does. */
  async logIn(token: string): Promise<void> {
    await this.page.getByLabel('Token').fill(token)
    await this.page.getByRole('button', { name: 'Log in' }).click()
    await this.page.getByRole('navigation', { name: 'Console' }).waitFor({ state: 'attached' })
  }

  /** Goes to a place of the console, by its address. */
  async goTo(hash: string, heading: string): Promise<void> {
    await this.page.evaluate(`location.hash = ${JSON.stringify(hash)}`)
    await this.page.getByRole('heading', { level: 1, name: heading, exact: true }).waitFor()
  }

  /** Keeps a picture of the view. */
  async keepPicture(name: string): Promise<void> {
    mkdirSync(PICTURES, { recursive: true })
    await this.page.screenshot({ path: join(PICTURES, `${name}.png`), fullPage: true, animations: 'disabled' })
  }

  /** Keeps a picture of the view, and looks for what keeps people out of it. */
  async inspect(name: string): Promise<void> {
    await this.keepPicture(name)
    const found = (await this.page.evaluate(
      `axe.run(document, { resultTypes: ['violations'] }).then(({ violations }) => violations
        .filter(({ impact }) => impact === 'serious' || impact === 'critical')
        .map(({ id, nodes }) => id + ': ' + nodes.map(node => node.html.slice(0, 200) + ' ' + node.failureSummary).join(' | ')))`
    )) as string[]
    expect(found, `axe in ${name}`).toEqual([])
  }

  /** What a view shows as its words. */
  words(): Promise<string> {
    return this.page.locator('main').innerText()
  }
}
