import { isMainThread, parentPort, workerData } from 'node:worker_threads';
import { Template } from '@huggingface/jinja';

/** What the worker is started with. */
export interface TemplateWorkerData {
  readonly chatTemplate: string;
  readonly outputCharactersMax: number;
}

/** One set of template variables per rendering. */
export interface RenderRequest {
  readonly id: number;
  readonly renderings: readonly Readonly<Record<string, unknown>>[];
}

export type RenderReply = { readonly id: number; readonly texts: readonly string[] } | { readonly id: number; readonly error: string };

/** A publisher's template runs here, where it can be stopped (X23). Does nothing when imported on the main thread. */
function serve(): void {
  const { chatTemplate, outputCharactersMax } = workerData as TemplateWorkerData;
  let template: Template | undefined;
  parentPort?.on('message', ({ id, renderings }: RenderRequest) => {
    let reply: RenderReply;
    try {
      template ??= new Template(chatTemplate);
      const compiled = template;
      const texts = renderings.map((variables) => compiled.render({ ...variables }));
      const tooLong = texts.some((text) => text.length > outputCharactersMax);
      reply = tooLong ? { id, error: `it wrote more than ${outputCharactersMax} characters` } : { id, texts };
    } catch (error) {
      reply = { id, error: error instanceof Error ? error.message : String(error) };
    }
    parentPort?.postMessage(reply);
  });
}

if (!isMainThread) serve();
