import { ranksOf, rougeF } from '../metrics/index.ts';
import type { ClassScores, Examples } from '../model.ts';
import { NO_CHOICE } from './classify.ts';
import type { Row } from './dataset.ts';
import { referencesOf, truthField } from './plan.ts';
import type { Prediction, RunSettings } from './settings.ts';
import { numberOf, textOf } from './template.ts';

/** One answered example, with its place in the dataset. */
export interface Answered {
  readonly index: number;
  readonly row: Row;
  readonly prediction: Prediction;
}

/** What a report measures, and one score per answered example for paired tests; the higher the better. */
export interface Outcome {
  readonly examples: Examples;
  readonly scores: readonly number[];
}

type Of<Key extends string> = Extract<Prediction, Readonly<Record<Key, unknown>>>;

/** Joins what was expected and what was answered. */
export function outcomeOf({ task }: RunSettings, answered: readonly Answered[]): Outcome {
  switch (task) {
    case 'classification':
      return classified(answered);
    case 'generation':
      return generated(answered);
    case 'embedding':
      return embedded(answered);
    case 'regression':
      return regressed(answered);
  }
}

function classified(answered: readonly Answered[]): Outcome {
  const actual = answered.map(({ row }) => textOf(row, 'label'));
  const predicted = answered.map(({ prediction }) => (prediction as Of<'label'>).label);
  const scores = classScores(answered, new Set(actual));
  return {
    examples: { task: 'classification', actual, predicted, ...(scores && { scores }) },
    scores: actual.map((label, index) => Number(label === predicted[index] && label !== NO_CHOICE)),
  };
}

/** Only where each answer has probabilities of the same classes, and every truth is one of them. */
function classScores(answered: readonly Answered[], truths: ReadonlySet<string>): ClassScores | undefined {
  const given = answered.map(({ prediction }) => prediction as Of<'label'>);
  const classes = given[0]?.classes;
  if (!classes || [...truths].some((label) => !classes.includes(label))) return undefined;
  const rows = given.flatMap(({ scores, classes: own }) => (scores && own?.length === classes.length ? [scores] : []));
  return rows.length === given.length ? { classes, rows } : undefined;
}

function generated(answered: readonly Answered[]): Outcome {
  const predictions = answered.map(({ prediction }) => (prediction as Of<'text'>).text);
  const references = answered.map(({ row }) => referencesOf(row));
  return { examples: { task: 'generation', predictions, references }, scores: predictions.map((text, index) => rougeF('rougeL', [text], [references[index] ?? []])) };
}

function embedded(answered: readonly Answered[]): Outcome {
  const actual = answered.map(({ row }) => numberOf(row, 'score'));
  const similarities = answered.map(({ prediction }) => (prediction as Of<'similarity'>).similarity);
  // Without ties Spearman's ρ is 1 − 6·Σd²/(n³ − n): each example's share of it is its squared difference of ranks.
  const [wanted, given] = [ranksOf(actual), ranksOf(similarities)];
  return { examples: { task: 'embedding', actual, similarities }, scores: wanted.map((rank, index) => -((rank - (given[index] ?? 0)) ** 2)) };
}

function regressed(answered: readonly Answered[]): Outcome {
  const actual = answered.map(({ row }) => numberOf(row, truthField('regression', row)));
  const predicted = answered.map(({ prediction }) => (prediction as Of<'value'>).value);
  return { examples: { task: 'regression', actual, predicted }, scores: actual.map((value, index) => -Math.abs(value - (predicted[index] ?? 0))) };
}
