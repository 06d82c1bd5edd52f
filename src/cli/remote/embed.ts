import type { Command } from 'commander';
import { Fault } from '../../contract/errors.ts';
import { table } from '../terminal.ts';
import { remoteOptions, withSession } from './session.ts';

/** `modelyard embed MODEL TEXT…` */
export function addEmbed(program: Command): void {
  remoteOptions(program.command('embed'))
    .description('turn texts into vectors, and show how alike they are')
    .argument('<model>')
    .argument('<texts...>')
    .addHelpText('after', '\nExamples:\n  modelyard embed all-minilm-l6-v2 "a happy person" "a very happy person" "a sunny day"')
    .action(
      withSession(async ({ api, print, columns }, model: string, texts: readonly string[]) => {
        const answer = await api.inference.embed(model, texts);
        print(answer, ({ data, usage }) => {
          const vectors = data.map(({ embedding }) => embedding);
          const rows = texts.map((text, index) => [text, ...vectors.map((vector) => cosine(vectors[index] ?? [], vector).toFixed(3))]);
          return `${table(['COSINE', ...texts.map((_, index) => `#${index + 1}`)], rows, columns)}\n\n${vectors[0]?.length ?? 0} dimensions, ${usage.prompt_tokens} tokens`;
        });
      }),
    );
}

function cosine(a: readonly number[], b: readonly number[]): number {
  if (a.length !== b.length) throw new Fault('internal', 'bad_vectors', 'The vectors have different lengths.');
  let dot = 0;
  let lengthA = 0;
  let lengthB = 0;
  for (const [index, x] of a.entries()) {
    const y = b[index] ?? 0;
    dot += x * y;
    lengthA += x * x;
    lengthB += y * y;
  }
  return dot / Math.sqrt(lengthA * lengthB);
}
