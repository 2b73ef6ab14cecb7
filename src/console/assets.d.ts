// What vite makes of imports that are no code: style sheets become the page's one sheet.

declare module '*.css'
