/** What a report must say of a number so that it can be compared with another. */
export interface MetricFacts {
  /** Raised when the same input gives another number. Reports pin it. */
  readonly version: number;
  readonly higherIsBetter: boolean;
  /** `share` is 0 … 1 in meaning, `percent` 0 … 100; `target` is the unit of what is predicted. */
  readonly unit: 'share' | 'percent' | 'nats' | 'bits/byte' | 'correlation' | 'area' | 'loss' | 'target' | 'target²' | 'gain' | 'perplexity';
  /** The least and the largest value; Infinity where there is none. */
  readonly range: readonly [min: number, max: number];
}

const UNIT_RANGE = [0, 1] as const;
const UP = [0, Infinity] as const;
const TO_ONE = [-Infinity, 1] as const;
const PERCENT_RANGE = [0, 100] as const;

const higher = (unit: MetricFacts['unit'], range: MetricFacts['range']): MetricFacts => ({ version: 1, higherIsBetter: true, unit, range });
const lower = (unit: MetricFacts['unit'], range: MetricFacts['range']): MetricFacts => ({ version: 1, higherIsBetter: false, unit, range });

/** Every metric of this folder by the name that reports use: scikit-learn's, lm-eval's and sacrebleu's words. */
export const METRICS = {
  accuracy: higher('share', UNIT_RANGE),
  balanced_accuracy: higher('share', UNIT_RANGE),
  top_k_accuracy: higher('share', UNIT_RANGE),
  precision_micro: higher('share', UNIT_RANGE),
  precision_macro: higher('share', UNIT_RANGE),
  precision_weighted: higher('share', UNIT_RANGE),
  recall_micro: higher('share', UNIT_RANGE),
  recall_macro: higher('share', UNIT_RANGE),
  recall_weighted: higher('share', UNIT_RANGE),
  f1_micro: higher('share', UNIT_RANGE),
  f1_macro: higher('share', UNIT_RANGE),
  f1_weighted: higher('share', UNIT_RANGE),
  matthews_corrcoef: higher('correlation', [-1, 1]),
  log_loss: lower('nats', UP),
  brier_score: lower('loss', UNIT_RANGE),
  brier_score_multiclass: lower('loss', [0, 2]),
  roc_auc: higher('area', UNIT_RANGE),
  roc_auc_ovr: higher('area', UNIT_RANGE),
  roc_auc_ovr_weighted: higher('area', UNIT_RANGE),
  roc_auc_ovo: higher('area', UNIT_RANGE),
  roc_auc_ovo_weighted: higher('area', UNIT_RANGE),
  average_precision: higher('area', UNIT_RANGE),
  average_precision_macro: higher('area', UNIT_RANGE),
  average_precision_weighted: higher('area', UNIT_RANGE),
  expected_calibration_error: lower('share', UNIT_RANGE),
  mean_absolute_error: lower('target', UP),
  mean_squared_error: lower('target²', UP),
  root_mean_squared_error: lower('target', UP),
  mean_squared_log_error: lower('loss', UP),
  median_absolute_error: lower('target', UP),
  mean_absolute_percentage_error: lower('share', UP),
  max_error: lower('target', UP),
  r2: higher('share', TO_ONE),
  explained_variance: higher('share', TO_ONE),
  d2_absolute_error: higher('share', TO_ONE),
  pearson: higher('correlation', [-1, 1]),
  spearman: higher('correlation', [-1, 1]),
  dcg: higher('gain', [-Infinity, Infinity]),
  ndcg: higher('share', UNIT_RANGE),
  mrr: higher('share', UNIT_RANGE),
  perplexity: lower('perplexity', [1, Infinity]),
  word_perplexity: lower('perplexity', [1, Infinity]),
  bits_per_byte: lower('bits/byte', UP),
  exact_match: higher('share', UNIT_RANGE),
  pass_at_k: higher('share', UNIT_RANGE),
  bleu: higher('percent', PERCENT_RANGE),
  chrf: higher('percent', PERCENT_RANGE),
  rouge1: higher('share', UNIT_RANGE),
  rouge2: higher('share', UNIT_RANGE),
  rougeL: higher('share', UNIT_RANGE),
} as const satisfies Readonly<Record<string, MetricFacts>>;

export type MetricName = keyof typeof METRICS;
