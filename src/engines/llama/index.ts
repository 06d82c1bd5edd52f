import { systemClock, type Clock } from '../../base/clock.ts';
import type { EngineSpec } from '../../contract/engine-wire.ts';
import { invalid } from '../../contract/errors.ts';
import type { TextEngine } from '../engine.ts';
import { createBarrier } from './barrier.ts';
import { createChatTemplate } from './chat-template.ts';
import { embed, framed } from './embed.ts';
import { generate } from './generate.ts';
import { createGrammars } from './grammar.ts';
import type { TextShape } from '../../model-files/text-shape.ts';
import { contextOptions, loadModel, shapeOf, type LoadedModel } from './load.ts';
import { assertFits, createPrompts } from './prompt.ts';
import { createSequencePool } from './sequences.ts';

const WARM_UP = { type: 'text', text: 'Hello' } as const;

/** A GGUF model on llama.cpp: chat and completions, or embeddings where the manifest's task says so. */
export async function createLlamaEngine(spec: EngineSpec, clock: Clock = systemClock): Promise<TextEngine> {
  const shape = shapeOf(spec);
  const loaded = await loadModel(spec);
  try {
    return await (spec.manifest.task === 'embedding' ? embeddingEngine(spec, shape, loaded) : chatEngine(spec, shape, loaded, clock));
  } catch (error) {
    await loaded.close();
    throw error;
  }
}

async function chatEngine(spec: EngineSpec, shape: TextShape, loaded: LoadedModel, clock: Clock): Promise<TextEngine> {
  const { llama, model } = loaded;
  const { slots, contextTokens } = shape;
  const barrier = createBarrier();
  const context = await model.createContext({
    ...contextOptions(shape),
    threads: spec.threads,
    batching: { itemPrioritizationStrategy: barrier.strategy },
  });
  const pool = createSequencePool(context, slots);
  const grammars = createGrammars(llama);
  const source = spec.manifest.weights.chatTemplate ?? model.fileInfo.metadata.tokenizer.chat_template;
  const template = source === undefined ? undefined : createChatTemplate(source, clock);
  const prompts = createPrompts(model, template, contextTokens);
  const engine: TextEngine = {
    dialect: 'openai',
    slots,
    async generate(request, onPiece, signal) {
      const prompt = await prompts.tokens(request.prompt, request.tools);
      assertFits(prompt, contextTokens);
      const grammar = await grammars.for(request.format, request.tools);
      return await generate({ model, pool, barrier, contextTokensMax: contextTokens }, { prompt, request, grammar, onPiece, signal });
    },
    embed: () => Promise.reject(invalid('This model generates text; it has no embeddings.', 'model', 'unsupported_task')),
    tokenize: (prompt) => prompts.tokens(prompt),
    async warmUp() {
      const greedy = { temperature: 0, topP: 1, frequencyPenalty: 0, presencePenalty: 0, logitBias: new Map(), stop: [], cacheSalt: 'warm-up' };
      await engine.generate({ ...greedy, prompt: WARM_UP, maxTokens: 1, format: { type: 'text' } }, () => undefined, new AbortController().signal);
      if (template !== undefined) await template.render([{ messages: [{ role: 'user', content: 'Hello' }], add_generation_prompt: true }]).catch(() => undefined);
    },
    async close() {
      await template?.close();
      await context.dispose();
      await loaded.close();
    },
  };
  return engine;
}

async function embeddingEngine(spec: EngineSpec, shape: TextShape, loaded: LoadedModel): Promise<TextEngine> {
  const { model } = loaded;
  const { contextTokens } = shape;
  // An encoder sees an input whole: the batch must hold a full context.
  const context = await model.createEmbeddingContext({ contextSize: contextTokens, batchSize: contextTokens, threads: spec.threads });
  const prompts = createPrompts(model, undefined, contextTokens);
  const unsupported = invalid('This model computes embeddings; it generates no text.', 'model', 'unsupported_task');
  const engine: TextEngine = {
    dialect: 'openai',
    slots: shape.slots,
    generate: () => Promise.reject(unsupported),
    embed: (inputs, signal) => embed({ model, context, prompts, contextTokens }, inputs, signal),
    tokenize: async (prompt) => framed(model, await prompts.tokens(prompt)),
    warmUp: async () => void (await engine.embed([WARM_UP], new AbortController().signal)),
    async close() {
      await context.dispose();
      await loaded.close();
    },
  };
  return engine;
}
