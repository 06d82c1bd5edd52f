import { readFileSync } from 'node:fs';

/** Of the files that this process may have open, so many are for the database, the usage log, logs, models and engines' pipes. */
const RESERVED_FILES = 96;
/** A connection's own, and that of its call to an engine. */
const FILES_PER_CONNECTION = 2;
const CONNECTIONS_MIN = 16;
/** Where the system tells no limit, or none that matters. */
const CONNECTIONS_MAX = 50_000;

/** How many connections fit into the system's limit on open files: one that can't be served must never cost the usage log its file (S29). */
export function connectionsMax(filesMax = openFilesMax()): number {
  const fit = Math.floor((filesMax - RESERVED_FILES) / FILES_PER_CONNECTION);
  return Math.min(CONNECTIONS_MAX, Math.max(CONNECTIONS_MIN, fit));
}

/** Node raises the soft limit to the hard one when it starts. Linux tells it; other systems are taken to have room. */
function openFilesMax(): number {
  try {
    return Number(/^Max open files\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8'))?.[1] ?? Number.POSITIVE_INFINITY);
  } catch {
    return Number.POSITIVE_INFINITY;
  }
}
