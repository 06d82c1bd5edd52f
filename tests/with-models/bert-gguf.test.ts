import { getLlama } from 'node-llama-cpp';
import { expect, test } from 'vitest';
import { inspectFiles } from '../../src/model-files/inspect.ts';
import { starterFile } from './starters.ts';

/** What sentence-transformers gives for all-MiniLM-L6-v2, and what is allowed beside it for half precision. */
const EXPECTED = { alike: 0.943, unlike: 0.257, tolerance: 0.002 };

test('X22: MiniLM, converted by us, gives the embeddings that its authors’ library gives', async () => {
  const path = await starterFile('all-minilm-l6-v2');
  expect(await inspectFiles([{ path: 'minilm.gguf', absolutePath: path }])).toMatchObject({
    engine: 'llama',
    task: 'embedding',
    weights: { parameters: 22_565_376, vocabularySize: 30_522 },
  });
  const llama = await getLlama({ gpu: false, build: 'never' });
  const model = await llama.loadModel({ modelPath: path });
  const context = await model.createEmbeddingContext();
  const embed = (text: string) => context.getEmbeddingFor(text);
  const happy = await embed('That is a happy person');
  const similarity = async (text: string) => happy.calculateCosineSimilarity(await embed(text));
  expect(Math.abs((await similarity('That is a very happy person')) - EXPECTED.alike)).toBeLessThan(EXPECTED.tolerance);
  expect(Math.abs((await similarity('Today is a sunny day')) - EXPECTED.unlike)).toBeLessThan(EXPECTED.tolerance);
  await llama.dispose();
});
