import { invalid } from '../../contract/errors.ts';
import type { TextEngine } from '../engine.ts';
import { cutFault, sendJson } from './answer.ts';
import { readObject } from './body.ts';
import type { WireHandler } from './context.ts';
import { modelField, wholeField } from './fields.ts';
import { promptsField } from './prompts.ts';

/** `POST /v1/embeddings`: floats, or base64 of little-endian float32 (C45). */
export const handleEmbeddings: WireHandler<TextEngine> = async (engine, request, response, context) => {
  const body = await readObject(request, context.bodyBytesMax);
  const inputs = promptsField(body.input ?? undefined, 'input');
  const encoding = body.encoding_format ?? 'float';
  if (encoding !== 'float' && encoding !== 'base64') throw invalid('"encoding_format" must be "float" or "base64".', 'encoding_format');
  const dimensions = wholeField(body, 'dimensions', 1, 2 ** 31);
  const model = modelField(body);
  const { vectors, promptTokens } = await engine.embed(inputs, context.signal, context.requestId).catch((error: unknown) => {
    throw context.signal.aborted ? cutFault(context) : error;
  });
  const native = vectors[0]?.length ?? 0;
  if (dimensions !== undefined && dimensions !== native) throw invalid(`This model's embeddings have ${native} dimensions, not ${dimensions}.`, 'dimensions');
  const data = vectors.map((vector, index) => ({ object: 'embedding', index, embedding: encoding === 'base64' ? base64(vector) : Array.from(vector) }));
  const usage = { promptTokens, cachedTokens: 0, completionTokens: 0 };
  sendJson(response, 200, { object: 'list', data, model, usage: { prompt_tokens: promptTokens, total_tokens: promptTokens } }, usage);
};

/** Typed arrays are little-endian on every platform that Node runs on, s390x aside. */
function base64(vector: Float32Array): string {
  return Buffer.from(vector.buffer, vector.byteOffset, vector.byteLength).toString('base64');
}
