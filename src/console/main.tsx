// Where the console begins: the page's one script.

import { render } from 'preact'
import { App } from './app.tsx'
import { applyTheme, storedTheme } from './session.ts'
import './style/base.css'
import './style/parts.css'
import './style/views.css'
import 'uplot/dist/uPlot.min.css'

applyTheme(storedTheme())
const root = document.getElementById('root')
if (root !== null) render(<App />, root)
