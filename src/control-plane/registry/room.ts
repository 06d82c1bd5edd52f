import { statfs } from 'node:fs/promises';
import { diskFull } from './errors.ts';

/** The usage log and the database are on the same disk, and without them nothing is served: files leave them this much of it … */
const KEPT_BYTES_MAX = 64 * 1_048_576;
/** … or of a small disk this part. */
const KEPT_SHARE = 0.05;

/** Before bytes of a file are written. @throws Fault `disk_full` where the disk has no room for them and for what everything else needs */
export async function checkRoom(folder: string, bytes: number): Promise<void> {
  const { bavail, blocks, bsize } = await statfs(folder);
  const kept = Math.min(KEPT_BYTES_MAX, blocks * bsize * KEPT_SHARE);
  if (bytes + kept > bavail * bsize) throw diskFull();
}
