import { createEchoEngine } from '../../src/engines/echo/index.ts';
import type { TextEngine } from '../../src/engines/engine.ts';
import { startEngine } from '../../src/engines/host.ts';
import { echoManifest } from '../../tests/harness.ts';
import { freePort } from '../../src/base/free-port.ts';
import { serveOrders } from '../lib/process.ts';

/** A FAKE embedding engine on the product's own engine server: every vector is the same, of a real model's length, so that only writing it is measured. */
const DIMENSIONS = 384;
const vector = Float32Array.from({ length: DIMENSIONS }, (_, index) => Math.sin(index + 1) / Math.sqrt(DIMENSIONS / 2));
const engine: TextEngine = {
  ...createEchoEngine({ manifest: echoManifest({ task: 'embedding' }) }),
  embed: (inputs) => Promise.resolve({ vectors: inputs.map(() => vector), promptTokens: inputs.length }),
};

const port = await freePort();
const running = await startEngine(engine, { host: '127.0.0.1', port, token: 'bench' });
await serveOrders({ port }, () => Promise.resolve({}));
await running.close();
process.exit(0);
