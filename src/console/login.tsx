// The door: asks for a token where the server wants one, and tries it before it lets anybody in.
//
// Promises: a token that the server does not take is not kept. Leaves to others: keeping it (session.ts).

import { useState } from 'preact/hooks'
import { ask, Failure } from './api.ts'
import { useAction } from './hooks.ts'
import { FailureNote, Field, Form } from './parts.tsx'
import { storeToken } from './session.ts'

/** The page that asks for a token. */
export function Login({ isOver, onDone }: { isOver: boolean; onDone: () => void }) {
  const [token, setToken] = useState('')
  const login = useAction(async () => {
    storeToken(token.trim())
    try {
      await ask('GET', '/v1/databases')
    } catch (error) {
      storeToken('')
      const isWrong = error instanceof Failure && error.status === 401
      throw isWrong ? new Error('The server does not take this token: it is wrong, or its time is over.') : error
    }
    onDone()
  })
  return (
    <main class="login" id="content">
      <Form class="card login-card" onSubmit={() => void login.run()}>
        <Logo />
        <h1>QuireDB console</h1>
        <p>This server asks for a token. It stays in this tab, and is forgotten when the tab is closed.</p>
        {isOver ? <p class="note">You were logged out: the token is not taken any more.</p> : null}
        <Field
          label="Token"
          name="token"
          type="password"
          value={token}
          onInput={setToken}
          isRequired
          placeholder="quire_…"
        />
        <FailureNote failure={login.failure} />
        <button type="submit" class="button button-main" disabled={login.isRunning || token.trim() === ''}>
          Log in
        </button>
        <p class="hint">
          Tokens are made on the server: <code>quire token create data NAME admin</code>
        </p>
      </Form>
    </main>
  )
}

/** The sign of QuireDB: leaves that lie in one another. */
export function Logo() {
  return (
    <svg class="logo" viewBox="0 0 32 32" aria-hidden="true" focusable="false">
      <rect width="32" height="32" rx="7" class="logo-ground" />
      <path d="M8 9h11a3 3 0 0 1 3 3v11H11a3 3 0 0 1-3-3z" class="logo-leaf" />
      <path d="M11 6h11a3 3 0 0 1 3 3v11" class="logo-line" />
    </svg>
  )
}
