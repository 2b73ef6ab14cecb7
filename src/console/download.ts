// Giving the user a file.
//
// Promises: the bytes never leave the browser but to the user's own disk.

/** Milliseconds that a browser has to begin reading what is saved. */
const KEEP_MS = 60_000

/** Lets the user save bytes under a name. */
export function saveFile(blob: Blob, name: string): void {
  const url = URL.createObjectURL(blob)
  const link = document.createElement('a')
  link.href = url
  link.download = name
  link.click()
  setTimeout(() => URL.revokeObjectURL(url), KEEP_MS)
}
