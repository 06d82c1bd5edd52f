import { parentPort, workerData } from 'node:worker_threads';
import { serveThread } from '../tensor-thread/serve.ts';
import { createSession } from './session.ts';
import type { TfjsStart } from './start.ts';

/** The thread that TF.js computes in, so that the process's main thread can always answer. */
if (parentPort) {
  const start = workerData as TfjsStart;
  await serveThread(parentPort, start, async () => ({ session: await createSession(start), metadata: new Map() }));
}
