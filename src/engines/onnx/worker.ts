import { parentPort, workerData } from 'node:worker_threads';
import { withFile } from '../../model-files/byte-source.ts';
import { readOnnxMetadata } from '../../model-files/onnx.ts';
import { serveThread } from '../tensor-thread/serve.ts';
import { createSession } from './session.ts';
import type { OnnxStart } from './start.ts';

/** The thread that ONNX Runtime blocks, so that the process's main thread can always answer. */
if (parentPort) {
  const start = workerData as OnnxStart;
  await serveThread(parentPort, start, async () => {
    const session = await createSession(start.path, start.threads);
    return { session, metadata: start.pipeline ? withFile(start.path, readOnnxMetadata) : new Map() };
  });
}
