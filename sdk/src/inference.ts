import { ModelyardError } from './error.ts';
import type { Http } from './request.ts';
import { decodeTensors, encodeTensors, type Tensor } from './tensors.ts';

/** Where the JSON of a binary body ends, bytes. */
const HEADER_LENGTH = 'inference-header-content-length';

/** The public inference protocols, as far as a client without OpenAI's own SDK needs them. */
export interface ChatMessage {
  readonly role: 'system' | 'user' | 'assistant';
  readonly content: string;
}

export interface ChatRequest {
  readonly model: string;
  readonly messages: readonly ChatMessage[];
  readonly temperature?: number;
  readonly max_tokens?: number;
  readonly seed?: number;
}

export interface Usage {
  readonly prompt_tokens: number;
  readonly completion_tokens: number;
  readonly total_tokens: number;
}

export interface Embeddings {
  readonly data: readonly { readonly index: number; readonly embedding: readonly number[] }[];
  readonly usage: { readonly prompt_tokens: number; readonly total_tokens: number };
}

/** An Open Inference Protocol v2 tensor as JSON. */
export interface JsonTensor {
  readonly name: string;
  readonly shape: readonly number[];
  readonly datatype: string;
  readonly data: readonly unknown[];
}

export interface ModelMetadata {
  readonly name: string;
  readonly versions: readonly string[];
  readonly platform: string;
  readonly inputs: readonly { readonly name: string; readonly datatype: string; readonly shape: readonly number[] }[];
  readonly outputs: readonly { readonly name: string; readonly datatype: string; readonly shape: readonly number[] }[];
}

export class Inference {
  readonly #http: Http;

  constructor(http: Http) {
    this.#http = http;
  }

  /** The answer piece by piece; the generator's return value is the call's usage. */
  async *chat(request: ChatRequest, signal?: AbortSignal): AsyncGenerator<string, Usage | undefined> {
    const body = { ...request, stream: true, stream_options: { include_usage: true } };
    const response = await this.#http.send('POST', '/v1/chat/completions', { body, ...(signal && { signal }) });
    let usage: Usage | undefined;
    for await (const data of events(response)) {
      const chunk = JSON.parse(data) as { choices?: { delta: { content?: string } }[]; usage?: Usage | null; error?: { message: string; code: string } };
      if (chunk.error) throw new ModelyardError(response.status, chunk.error.code, chunk.error.message);
      usage = chunk.usage ?? usage;
      const text = chunk.choices?.[0]?.delta.content;
      if (text) yield text;
    }
    return usage;
  }

  embed(model: string, input: readonly string[]): Promise<Embeddings> {
    return this.#http.json('POST', '/v1/embeddings', { body: { model, input, encoding_format: 'float' } });
  }

  metadata(model: string): Promise<ModelMetadata> {
    return this.#http.json('GET', `/v2/models/${encodeURIComponent(model)}`);
  }

  infer(model: string, inputs: readonly JsonTensor[]): Promise<{ readonly outputs: readonly JsonTensor[] }> {
    return this.#http.json('POST', `/v2/models/${encodeURIComponent(model)}/infer`, { body: { inputs } });
  }

  /** Typed arrays in and out, by the binary extension: a tenth of JSON's work for both sides. */
  async inferTensors(model: string, inputs: readonly Tensor[]): Promise<Tensor[]> {
    const { body, headerLength } = encodeTensors(inputs);
    const headers = { 'content-type': 'application/octet-stream', [HEADER_LENGTH]: String(headerLength) };
    const response = await this.#http.send('POST', `/v2/models/${encodeURIComponent(model)}/infer`, { body, headers });
    return decodeTensors(await response.arrayBuffer(), Number(response.headers.get(HEADER_LENGTH)));
  }

  /** One input of bytes (an image, a file), sent as it is by the binary extension; the outputs as JSON. */
  async inferBytes(model: string, input: string, bytes: Uint8Array): Promise<{ readonly outputs: readonly JsonTensor[] }> {
    const size = bytes.length + 4;
    const head = new TextEncoder().encode(JSON.stringify({ inputs: [{ name: input, shape: [1], datatype: 'BYTES', parameters: { binary_data_size: size } }] }));
    const body = new Uint8Array(head.length + size);
    body.set(head);
    new DataView(body.buffer).setUint32(head.length, bytes.length, true);
    body.set(bytes, head.length + 4);
    const headers = { 'content-type': 'application/octet-stream', [HEADER_LENGTH]: String(head.length) };
    return this.#http.json('POST', `/v2/models/${encodeURIComponent(model)}/infer`, { body, headers });
  }
}

/** The data of each server-sent event until `[DONE]`. */
async function* events(response: Response): AsyncGenerator<string> {
  if (!response.body) return;
  let rest = '';
  for await (const chunk of response.body.pipeThrough(new TextDecoderStream())) {
    const frames = (rest + chunk).split('\n\n');
    rest = frames.pop() ?? '';
    for (const frame of frames) {
      const data = frame.startsWith('data: ') ? frame.slice('data: '.length) : undefined;
      if (data === '[DONE]') return;
      if (data !== undefined) yield data;
    }
  }
}
