import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type RealServer, startRealServer } from '../with-models/real-server.ts';
import { runPython } from './python-env.ts';

describe('Python clients, unmodified', () => {
  let server: RealServer;
  const image = join(import.meta.dirname, '../fixtures/line.png');

  beforeAll(async () => {
    server = await startRealServer();
  });
  afterAll(async () => {
    await server[Symbol.asyncDispose]();
  });

  test('openai (PyPI)', async () => {
    const seen = (await runPython('openai_client.py', server)) as Record<string, unknown>;
    expect(seen['chat']).toContain('Paris');
    expect(seen).toMatchObject({
      streamed: seen['chat'],
      dimensions: 384,
      unknown: 'model_not_found',
      models: ['all-minilm-l6-v2', 'magika', 'ppocr-v4-rec', 'smollm2-135m-instruct'],
    });
  });

  test('tritonclient[http]: C70 binary out by default, C75 the id echoed, C82 the index', async () => {
    const seen = (await runPython('triton_client.py', server, image)) as { ocr: { text: string[] }; magika: { label: string[] } };
    expect(seen).toMatchObject({ live: true, ready: true, model_ready: true, id: '42', server: { name: 'modelyard' } });
    expect(seen.ocr.text[0]?.trim()).toBe('HELLO 12345');
    expect(seen.magika.label[0]).toBe('python');
    expect(seen).toMatchObject({ index: ['all-minilm-l6-v2', 'magika', 'ppocr-v4-rec', 'smollm2-135m-instruct'] });
  });
});
