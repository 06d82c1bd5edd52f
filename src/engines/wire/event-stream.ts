import type { ServerResponse } from 'node:http';
import { USAGE_COMMENT, type EngineUsage } from '../../contract/engine-wire.ts';

export interface EventStream {
  readonly isOpen: boolean;
  /** One `data:` frame; the first one sends the head, in the same write. */
  data(value: unknown): void;
  /** The usage comment, then `[DONE]`. */
  done(usage: EngineUsage): void;
  /** The usage comment as the last frame: the call was cut. */
  cut(usage: EngineUsage): void;
  /** An error as the last frame (C40). */
  fail(error: unknown, usage?: EngineUsage): void;
}

/**
 * Server-sent events in OpenAI's form. Nothing is sent before the first frame, so that an early failure keeps its status.
 * What a slow reader leaves in memory is bounded by the model's context, so `write` is not waited for.
 */
export function createEventStream(response: ServerResponse): EventStream {
  const write = (text: string): void => {
    if (!response.headersSent) response.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8', 'cache-control': 'no-cache' });
    response.write(text);
  };
  const comment = (usage: EngineUsage): string => `${USAGE_COMMENT}${JSON.stringify(usage)}\n\n`;
  const frame = (value: unknown): string => `data: ${JSON.stringify(value)}\n\n`;
  return {
    get isOpen() {
      return response.headersSent;
    },
    data: (value) => write(frame(value)),
    done(usage) {
      write(`${comment(usage)}data: [DONE]\n\n`);
      response.end();
    },
    cut(usage) {
      write(comment(usage));
      response.end();
    },
    fail(error, usage) {
      write(`${frame(error)}${usage === undefined ? '' : comment(usage)}`);
      response.end();
    },
  };
}
