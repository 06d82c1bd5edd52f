import { type Prediction, type RunSettings, UnreadableAnswer } from './settings.ts';
import { type OutputTensor, outputOf } from './tensors.ts';

/** Scores over more classes are not kept, only the label that they give. */
const SCORED_CLASSES_MAX = 200;
/** As the metrics of probabilities have it. */
const PROBABILITY_SUM_TOLERANCE = 0.01;
/** The label of an answer that names none of the choices. It is nobody's truth, so it counts as wrong. */
export const NO_CHOICE = '(no choice)';

/** A classifier's answer: a label as text or number, or scores of which the largest wins (the first of equal ones). */
export function readLabel(answer: unknown, settings: RunSettings): Prediction {
  const { name, data } = outputOf(answer, settings, ({ datatype }) => datatype === 'BYTES');
  const [first] = data;
  if (typeof first === 'string') return { label: first };
  if (data.length === 1 && (typeof first === 'number' || typeof first === 'boolean')) return { label: settings.classes?.[Number(first)] ?? String(first) };
  return largest({ name, data }, settings.classes);
}

function largest({ name, data }: Pick<OutputTensor, 'name' | 'data'>, names: readonly string[] | undefined): Prediction {
  const scores = data.map(Number);
  if (scores.length === 0 || data.some((value) => typeof value !== 'number')) throw new UnreadableAnswer(`The output "${name}" has values that are not finite numbers.`);
  if (names && names.length !== scores.length) throw new UnreadableAnswer(`The output "${name}" has ${scores.length} scores; ${names.length} classes were named.`);
  const classes = names ?? scores.map((_, index) => String(index));
  const label = classes[scores.indexOf(Math.max(...scores))] ?? '';
  return isDistribution(scores) && scores.length <= SCORED_CLASSES_MAX ? { label, scores, classes } : { label };
}

function isDistribution(scores: readonly number[]): boolean {
  const total = scores.reduce((sum, score) => sum + score, 0);
  return scores.length > 1 && scores.every((score) => score >= 0 && score <= 1) && Math.abs(total - 1) < PROBABILITY_SUM_TOLERANCE;
}

/** The choice that a text means: the one that it is, without case, space and punctuation at its ends; else the one that it names first as a word of its own. */
export function choiceIn(text: string, choices: readonly string[]): string {
  const said = bare(text);
  const whole = choices.find((choice) => bare(choice) === said);
  if (whole !== undefined) return whole;
  const places = choices.map((choice) => placeOf(bare(choice), said));
  const best = Math.min(...places);
  if (best === Infinity) return NO_CHOICE;
  // Of choices that begin at the same place, the longest was meant: "very good", not "very".
  return choices.filter((_, index) => places[index] === best).toSorted((a, b) => b.length - a.length)[0] ?? NO_CHOICE;
}

function bare(text: string): string {
  return text.toLowerCase().replaceAll(/^[\s\p{P}]+|[\s\p{P}]+$/gu, '');
}

function placeOf(choice: string, text: string): number {
  if (choice === '') return Infinity;
  const isWordChar = (char: string | undefined) => char !== undefined && /[\p{L}\p{N}]/u.test(char);
  for (let at = text.indexOf(choice); at >= 0; at = text.indexOf(choice, at + 1)) if (!isWordChar(text[at - 1]) && !isWordChar(text[at + choice.length])) return at;
  return Infinity;
}
