// The files of a database on the disk, whatever an engine calls them.

import { readdirSync, statSync } from 'node:fs'

/** Blocks of st_blocks, whatever the file system's own are. */
const BLOCK_BYTES = 512

/** Every file below a directory. */
export function filesOf(directory: string): string[] {
  const entries = readdirSync(directory, { recursive: true, withFileTypes: true })
  return entries.filter(entry => entry.isFile()).map(entry => `${entry.parentPath}/${entry.name}`)
}

/** What the files below a directory really take on the disk. */
export function bytesOnDisk(directory: string): number {
  return filesOf(directory).reduce((sum, file) => sum + statSync(file).blocks * BLOCK_BYTES, 0)
}
