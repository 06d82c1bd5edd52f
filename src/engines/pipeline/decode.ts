import { invalid } from '../../contract/errors.ts';
import { packBytes } from '../../contract/tensor-shape.ts';
import type { Options } from './step.ts';
import { floatsOf, fp32, type PostStep } from './step.ts';

/**
 * `ctcDecode` {input, labels, appendSpace, text, score}: of each time step the likeliest label; repeats and the blank (index 0) drop
 * out. `labels` start at index 1; `appendSpace` adds a space as the last. The score is the mean probability of what was kept, 0 for nothing.
 */
export function ctcDecode(options: Options, metadata: ReadonlyMap<string, string>): PostStep {
  const input = options.text('input');
  const text = options.text('text');
  const score = options.text('score');
  const labels = ['', ...options.labels('labels', metadata), ...(options.flag('appendSpace') ? [' '] : [])];
  return (outputs) => {
    const { values, shape } = floatsOf(outputs, input, 3);
    const [batch = 0, steps = 0, classes = 0] = shape;
    checkClasses(labels.length, classes);
    const texts: Buffer[] = [];
    const scores = new Float32Array(batch);
    for (let row = 0; row < batch; row += 1) {
      const { kept, mean } = collapse(values.subarray(row * steps * classes, (row + 1) * steps * classes), classes);
      texts.push(Buffer.from(kept.map((label) => labels[label]).join(''), 'utf8'));
      scores[row] = mean;
    }
    return [{ name: text, datatype: 'BYTES', shape: [batch], data: packBytes(texts) }, fp32(score, [batch], scores)];
  };
}

function collapse(values: Float32Array, classes: number): { readonly kept: readonly number[]; readonly mean: number } {
  const kept: number[] = [];
  let sum = 0;
  let previous = 0;
  for (let start = 0; start < values.length; start += classes) {
    const best = likeliest(values, start, classes);
    if (best !== 0 && best !== previous) {
      kept.push(best);
      sum += values[start + best]!;
    }
    previous = best;
  }
  return { kept, mean: kept.length === 0 ? 0 : sum / kept.length };
}

/** `topLabel` {input, labels, label, score}: the likeliest label of each row, and its value. */
export function topLabel(options: Options, metadata: ReadonlyMap<string, string>): PostStep {
  const input = options.text('input');
  const label = options.text('label');
  const score = options.text('score');
  const labels = options.labels('labels', metadata);
  return (outputs) => {
    const { values, shape } = floatsOf(outputs, input, 2);
    const [batch = 0, classes = 0] = shape;
    checkClasses(labels.length, classes);
    const scores = new Float32Array(batch);
    const names = Array.from(scores, (_, row) => {
      const best = likeliest(values, row * classes, classes);
      scores[row] = values[row * classes + best]!;
      return Buffer.from(labels[best]!, 'utf8');
    });
    return [{ name: label, datatype: 'BYTES', shape: [batch], data: packBytes(names) }, fp32(score, [batch], scores)];
  };
}

function likeliest(values: Float32Array, start: number, classes: number): number {
  let best = 0;
  for (let index = 1; index < classes; index += 1) if (values[start + index]! > values[start + best]!) best = index;
  return best;
}

function checkClasses(labels: number, classes: number): void {
  if (labels !== classes || classes === 0) throw invalid(`The pipeline has ${labels} labels; the model distinguishes ${classes}.`, 'pipeline');
}
