import { invalid } from '../../../contract/errors.ts';
import { parseReference } from '../../../contract/names.ts';
import type { EvaluationTarget } from '../ports.ts';
import { choiceIn, readLabel } from './classify.ts';
import { badLine, type Row } from './dataset.ts';
import { type GatewayRequest, jsonRequest, type Prediction, type RunSettings, type RunTask, UnreadableAnswer } from './settings.ts';
import { fill, numberOf, textOf } from './template.ts';
import { outputOf, tensorRequest } from './tensors.ts';

const COMPLETION_TOKENS_DEFAULT = 128;
const CHOICES_MAX = 1_000;

/** How a run asks and reads: pure, made once for all examples. */
export interface Plan {
  /** The call for an example. @throws Fault that names the line */
  request(row: Row): GatewayRequest;
  /** @throws UnreadableAnswer */
  read(answer: unknown): Prediction;
}

const FITS: Readonly<Record<RunTask, readonly EvaluationTarget['task'][]>> = {
  classification: ['tensor', 'chat'],
  generation: ['chat'],
  embedding: ['embedding'],
  regression: ['tensor'],
};

/** @throws Fault when the model is not for the task, or names of tensors are not its own */
export function planOf(reference: string, target: EvaluationTarget, settings: RunSettings, rows: readonly Row[]): Plan {
  if (!FITS[settings.task].includes(target.task)) {
    const names = Object.entries(FITS).flatMap(([task, fits]) => (fits.includes(target.task) ? [task] : []));
    throw invalid(`"${reference}" is a model for ${target.task}; it can be evaluated on ${names.join(' or ')}, not on ${settings.task}.`, 'task');
  }
  if (target.task === 'embedding') return embeddingPlan(reference);
  return target.task === 'chat' ? chatPlan(reference, settings, rows) : tensorPlan(reference, target, settings);
}

function chatPlan(model: string, settings: RunSettings, rows: readonly Row[]): Plan {
  const { task, seed, system, template = task === 'generation' ? '{{prompt}}' : '{{text}}', maxTokens: max_tokens = COMPLETION_TOKENS_DEFAULT } = settings;
  const choices = task === 'classification' ? (settings.choices ?? labelsOf(rows)) : [];
  return {
    request(row) {
      const messages = [...(system === undefined ? [] : [{ role: 'system', content: system }]), { role: 'user', content: fill(template, row) }];
      return jsonRequest('/v1/chat/completions', { model, messages, temperature: 0, seed, max_tokens });
    },
    read(answer) {
      const text = (answer as { choices?: { message?: { content?: unknown } }[] }).choices?.[0]?.message?.content;
      if (typeof text !== 'string') throw new UnreadableAnswer('The model answered without text.');
      return task === 'generation' ? { text } : { label: choiceIn(text, choices) };
    },
  };
}

/** The dataset's labels, sorted. @throws Fault for more than are told apart in a text */
function labelsOf(rows: readonly Row[]): string[] {
  const labels = [...new Set(rows.map((row) => textOf(row, 'label')))].toSorted();
  if (labels.length > CHOICES_MAX) throw invalid(`The dataset has ${labels.length} different labels; at most ${CHOICES_MAX} are looked for in a text.`, 'data');
  return labels;
}

function embeddingPlan(model: string): Plan {
  return {
    request: (row) => jsonRequest('/v1/embeddings', { model, input: [textOf(row, 'a'), textOf(row, 'b')], encoding_format: 'float' }),
    read(answer) {
      const { data } = answer as { data?: { embedding?: readonly number[] }[] };
      const [a, b] = [data?.[0]?.embedding, data?.[1]?.embedding];
      if (!a || !b || a.length !== b.length) throw new UnreadableAnswer('The model did not answer with two vectors of one length.');
      const similarity = cosine(a, b);
      if (!Number.isFinite(similarity)) throw new UnreadableAnswer('A vector has no direction, or values that are not finite numbers.');
      return { similarity };
    },
  };
}

function cosine(a: readonly number[], b: readonly number[]): number {
  let [dot, lengthA, lengthB] = [0, 0, 0];
  for (const [index, x] of a.entries()) {
    const y = b[index] ?? 0;
    dot += x * y;
    lengthA += x * x;
    lengthB += y * y;
  }
  return dot / Math.sqrt(lengthA * lengthB);
}

function tensorPlan(reference: string, { signature }: EvaluationTarget, settings: RunSettings): Plan {
  const { name, version } = parseReference(reference);
  if (!signature) throw invalid(`"${reference}" does not say which tensors it takes.`, 'deployment');
  checkTensor('input', settings.input, signature.inputs);
  checkTensor('output', settings.output, signature.outputs);
  const path = `/v2/models/${encodeURIComponent(name)}${version === undefined ? '' : `/versions/${version}`}/infer`;
  return {
    request: (row) => tensorRequest(path, row, signature, settings),
    read: (answer) => (settings.task === 'classification' ? readLabel(answer, settings) : { value: readNumber(answer, settings) }),
  };
}

function checkTensor(what: 'input' | 'output', name: string | undefined, tensors: readonly { readonly name: string }[]): void {
  if (name === undefined || tensors.some((tensor) => tensor.name === name)) return;
  throw invalid(`The model has no ${what} "${name}"; it has ${tensors.map((tensor) => tensor.name).join(', ')}.`, what);
}

function readNumber(answer: unknown, settings: RunSettings): number {
  const { name, data } = outputOf(answer, settings, () => true);
  const [value] = data;
  if (data.length !== 1 || typeof value !== 'number') throw new UnreadableAnswer(`The output "${name}" is not one finite number; it has ${data.length} values.`);
  return value;
}

/** What is expected of an example. @throws Fault that names the line and the field */
export function checkTruth(task: RunTask, row: Row): void {
  if (task === 'classification') textOf(row, 'label');
  else if (task === 'generation') referencesOf(row);
  else numberOf(row, truthField(task, row));
}

/** The field with the number that is expected. */
export function truthField(task: RunTask, { fields }: Row): string {
  return task === 'embedding' ? 'score' : fields['target'] === undefined && fields['label'] !== undefined ? 'label' : 'target';
}

/** The texts that count as right: `references`, a list or one text; otherwise `reference`. */
export function referencesOf(row: Row): readonly string[] {
  const { references } = row.fields;
  if (!Array.isArray(references)) return [textOf(row, references === undefined ? 'reference' : 'references')];
  if (references.length === 0 || references.some((one) => typeof one !== 'string')) throw badLine(row.line, 'its field "references" must be a list of at least one text.');
  return references as readonly string[];
}
