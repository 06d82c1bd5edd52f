import { appendFileSync, fsyncSync, openSync } from 'node:fs';
import type { TextEngine } from '../engine.ts';
import { spokenText } from './script.ts';

/** What an engine did for one call, told to a file that no kill can take back: a line when it begins, a line when it is done. */
interface Told {
  readonly event: 'begin' | 'end';
  readonly id: string;
  readonly [more: string]: unknown;
}

/**
 * An echo engine that says what it really did, for tests that hold the books against it. The line of an end is on the disk before anybody can have the
 * answer's last byte. `file` is appended to, one JSON object a line: `{event, id, tag}`, then `{event, id, whole, promptTokens, completionTokens}`, where the
 * tag is the first word that the engine was asked to say.
 */
export function withTruth(engine: TextEngine, file: string): TextEngine {
  const fd = openSync(file, 'a', 0o600);
  const tell = (told: Told) => {
    appendFileSync(fd, `${JSON.stringify(told)}\n`);
    fsyncSync(fd);
  };
  return {
    ...engine,
    async generate(request, onPiece, signal) {
      const id = request.requestId ?? '';
      let pieces = 0;
      tell({ event: 'begin', id, tag: firstWord(spokenText(request.prompt)) });
      try {
        const count: typeof onPiece = (piece) => {
          pieces++;
          onPiece(piece);
        };
        const { finish, promptTokens, completionTokens, ...rest } = await engine.generate(request, count, signal);
        tell({ event: 'end', id, whole: finish !== 'cancelled', promptTokens, completionTokens });
        return { finish, promptTokens, completionTokens, ...rest };
      } catch (error) {
        tell({ event: 'end', id, whole: false, promptTokens: 0, completionTokens: pieces });
        throw error;
      }
    },
    async embed(inputs, signal, id = '') {
      tell({ event: 'begin', id, tag: firstWord(inputs[0] ? spokenText(inputs[0]) : '') });
      const embeddings = await engine.embed(inputs, signal, id);
      tell({ event: 'end', id, whole: true, promptTokens: embeddings.promptTokens, completionTokens: 0 });
      return embeddings;
    },
  };
}

function firstWord(text: string): string {
  return text.trimStart().split(/\s/u, 1)[0] ?? '';
}
