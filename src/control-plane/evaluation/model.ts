import * as metrics from './metrics/index.ts';

/** What was expected and what was answered, by the kind of task. One entry per example. */
export type Examples =
  | { readonly task: 'classification'; readonly actual: readonly metrics.Label[]; readonly predicted: readonly metrics.Label[]; readonly scores?: ClassScores }
  | { readonly task: 'regression'; readonly actual: readonly number[]; readonly predicted: readonly number[] }
  | { readonly task: 'ranking'; readonly queries: readonly metrics.RankedQuery[]; readonly k?: number }
  | { readonly task: 'generation'; readonly predictions: readonly string[]; readonly references: readonly (readonly string[])[]; readonly likelihoods?: Likelihoods }
  | { readonly task: 'embedding'; readonly actual: readonly number[]; readonly similarities: readonly number[] }
  | { readonly task: 'code'; readonly problems: readonly metrics.ProblemResult[]; readonly k: number };

/** A row of scores per example, a column per class. */
export interface ClassScores {
  readonly classes: readonly metrics.Label[];
  readonly rows: readonly (readonly number[])[];
}

/** What a language model gave its references: natural logarithms, per token, and each text's words and bytes. */
export interface Likelihoods {
  readonly perToken: readonly number[];
  readonly perText: readonly number[];
  readonly words: readonly number[];
  readonly bytes: readonly number[];
}

/** A number with what must be known of it to compare it with another. `undefined`: it is not defined on these examples. */
export interface Measured {
  readonly value: number | undefined;
  readonly version: number;
  readonly higherIsBetter: boolean;
  readonly unit: string;
  readonly interval?: metrics.Interval;
}

export interface Report {
  readonly task: Examples['task'];
  readonly examples: number;
  readonly seed: number;
  readonly metrics: Readonly<Partial<Record<metrics.MetricName, Measured>>>;
  readonly confusion?: metrics.ConfusionMatrix;
  readonly classes?: readonly metrics.ClassRatios[];
  /** Of calibration: equal-width bins of confidence. */
  readonly reliability?: readonly metrics.ReliabilityBin[];
  /** sacrebleu's own words for how BLEU and chrF were computed. */
  readonly signatures?: readonly string[];
}

type Values = Partial<Record<metrics.MetricName, number | undefined>>;
const TOP_K = 5;

/** Computes all metrics of the task. @throws RangeError that says what of the examples can't be measured */
export function reportOf(examples: Examples, seed: number): Report {
  switch (examples.task) {
    case 'classification':
      return classification(examples, seed);
    case 'regression':
      return regressionReport(examples, seed);
    case 'embedding':
      return embedding(examples, seed);
    case 'ranking':
      return { task: examples.task, examples: examples.queries.length, seed, metrics: measured(ranking(examples)) };
    case 'generation':
      return generation(examples, seed);
    case 'code':
      return { task: examples.task, examples: examples.problems.length, seed, metrics: measured({ pass_at_k: metrics.passAtK(examples.problems, examples.k) }) };
  }
}

function classification({ task, actual, predicted, scores }: Examples & { task: 'classification' }, seed: number): Report {
  const { classes, micro, macro, weighted } = metrics.classificationReport(actual, predicted);
  const right = actual.filter((label, row) => label === predicted[row]).length;
  const scored = scores && { actual, classes: scores.classes, scores: scores.rows };
  const values: Values = {
    accuracy: metrics.accuracy(actual, predicted),
    balanced_accuracy: metrics.balancedAccuracy(actual, predicted),
    precision_micro: micro.precision,
    precision_macro: macro.precision,
    precision_weighted: weighted.precision,
    recall_micro: micro.recall,
    recall_macro: macro.recall,
    recall_weighted: weighted.recall,
    f1_micro: micro.f1,
    f1_macro: macro.f1,
    f1_weighted: weighted.f1,
    matthews_corrcoef: metrics.matthewsCorrelation(actual, predicted),
    ...(scored && probabilities(scored)),
  };
  const top = scored && metrics.topConfidences(scored);
  return {
    task,
    examples: actual.length,
    seed,
    metrics: measured(values, { accuracy: metrics.wilsonInterval(right, actual.length) }),
    confusion: metrics.confusionMatrix(actual, predicted),
    classes,
    ...(top && { reliability: metrics.reliabilityBins(top.confidences, top.correct) }),
  };
}

function probabilities(scored: metrics.ScoredExamples): Values {
  const { confidences, correct } = metrics.topConfidences(scored);
  const [, positive] = scored.classes;
  const common: Values = {
    log_loss: metrics.logLoss(scored),
    top_k_accuracy: metrics.topKAccuracy(scored, Math.min(TOP_K, scored.classes.length)),
    expected_calibration_error: metrics.expectedCalibrationError(confidences, correct),
    brier_score_multiclass: metrics.brierScoreMulticlass(scored),
  };
  if (scored.classes.length > 2) {
    return {
      ...common,
      roc_auc_ovr: metrics.rocAucMulticlass(scored, 'ovr', 'macro'),
      roc_auc_ovr_weighted: metrics.rocAucMulticlass(scored, 'ovr', 'weighted'),
      roc_auc_ovo: metrics.rocAucMulticlass(scored, 'ovo', 'macro'),
      roc_auc_ovo_weighted: metrics.rocAucMulticlass(scored, 'ovo', 'weighted'),
      average_precision_macro: metrics.averagePrecisionMulticlass(scored, 'macro'),
      average_precision_weighted: metrics.averagePrecisionMulticlass(scored, 'weighted'),
    };
  }
  const truth = scored.actual.map((label) => label === positive);
  const chance = scored.scores.map((row) => row[1] ?? Number.NaN);
  return { ...common, roc_auc: metrics.rocAuc(truth, chance), average_precision: metrics.averagePrecision(truth, chance), brier_score: metrics.brierScore(truth, chance) };
}

function regressionReport({ task, ...examples }: Examples & { task: 'regression' }, seed: number): Report {
  const { actual, predicted } = examples;
  const values = regression({ task, ...examples });
  const errors = actual.map((value, row) => Math.abs(value - (predicted[row] ?? Number.NaN)));
  const interval = metrics.bootstrapMeanInterval(errors, { random: metrics.seededRandom(seed) });
  return { task, examples: actual.length, seed, metrics: measured(values, { mean_absolute_error: interval }) };
}

/** How well similarities order pairs of texts. The intervals resample pairs; a resample in which nothing varies counts as no correlation. */
function embedding({ task, actual, similarities }: Examples & { task: 'embedding' }, seed: number): Report {
  const values: Values = { spearman: metrics.spearman(actual, similarities), pearson: metrics.pearson(actual, similarities) };
  const interval = (of: typeof metrics.pearson) =>
    metrics.bootstrapInterval(actual.length, (rows) => of(at(actual, rows), at(similarities, rows)) ?? 0, { random: metrics.seededRandom(seed) });
  const isDefined = values.spearman !== undefined;
  return {
    task,
    examples: actual.length,
    seed,
    metrics: measured(values, isDefined ? { spearman: interval(metrics.spearman), pearson: interval(metrics.pearson) } : {}),
  };
}

function at(values: readonly number[], rows: Uint32Array): number[] {
  return Array.from(rows, (row) => values[row] ?? Number.NaN);
}

function regression({ actual, predicted }: Examples & { task: 'regression' }): Values {
  const isLog = [...actual, ...predicted].every((value) => value > -1);
  return {
    mean_absolute_error: metrics.meanAbsoluteError(actual, predicted),
    mean_squared_error: metrics.meanSquaredError(actual, predicted),
    root_mean_squared_error: metrics.rootMeanSquaredError(actual, predicted),
    // Not defined where a logarithm isn't.
    ...(isLog && { mean_squared_log_error: metrics.meanSquaredLogError(actual, predicted) }),
    median_absolute_error: metrics.medianAbsoluteError(actual, predicted),
    mean_absolute_percentage_error: metrics.meanAbsolutePercentageError(actual, predicted),
    max_error: metrics.maxError(actual, predicted),
    r2: metrics.r2(actual, predicted),
    explained_variance: metrics.explainedVariance(actual, predicted),
    d2_absolute_error: metrics.d2AbsoluteError(actual, predicted),
  };
}

function ranking({ queries, k }: Examples & { task: 'ranking' }): Values {
  return { dcg: metrics.dcg(queries, k), ndcg: metrics.ndcg(queries, k), mrr: metrics.meanReciprocalRank(queries) };
}

function generation({ task, predictions, references, likelihoods }: Examples & { task: 'generation' }, seed: number): Report {
  const exact = predictions.map((text, row) => Number(references[row]?.some((reference) => metrics.exactMatch([text], [reference]) === 1) ?? false));
  const bleu = metrics.bleu(predictions, references);
  const chrf = metrics.chrf(predictions, references);
  const values: Values = {
    exact_match: exact.reduce((sum, one) => sum + one, 0) / predictions.length,
    bleu: bleu.score,
    chrf: chrf.score,
    rouge1: metrics.rougeF('rouge1', predictions, references),
    rouge2: metrics.rougeF('rouge2', predictions, references),
    rougeL: metrics.rougeF('rougeL', predictions, references),
    ...(likelihoods && {
      perplexity: metrics.perplexity(likelihoods.perToken),
      word_perplexity: metrics.wordPerplexity(likelihoods.perText, likelihoods.words),
      bits_per_byte: metrics.bitsPerByte(likelihoods.perText, likelihoods.bytes),
    }),
  };
  const interval = metrics.bootstrapMeanInterval(exact, { random: metrics.seededRandom(seed) });
  return { task, examples: predictions.length, seed, metrics: measured(values, { exact_match: interval }), signatures: [bleu.signature, chrf.signature] };
}

/** Squares of enormous values, and what is divided by them, are no numbers any more: not defined, as JSON has no word for them. */
function finite(value: number | undefined): number | undefined {
  return Number.isFinite(value) ? value : undefined;
}

function measured(values: Values, intervals: Partial<Record<metrics.MetricName, metrics.Interval>> = {}): Report['metrics'] {
  const report: Partial<Record<metrics.MetricName, Measured>> = {};
  for (const name of Object.keys(values) as metrics.MetricName[]) {
    const { version, higherIsBetter, unit } = metrics.METRICS[name];
    const interval = intervals[name];
    const isWhole = interval && Number.isFinite(interval.low) && Number.isFinite(interval.high);
    report[name] = { value: finite(values[name]), version, higherIsBetter, unit, ...(isWhole && { interval }) };
  }
  return report;
}
