import { invalid } from './errors.ts';

const OPERATORS = ['>=', '<=', '>', '<'] as const;

/** What a report must show, such as `f1_macro>=0.85`. */
export interface GateCondition {
  readonly metric: string;
  readonly operator: (typeof OPERATORS)[number];
  readonly bound: number;
}

/** A condition with what was measured; `value` is undefined where the report does not have the metric, or it is not defined on the examples. */
export interface GateResult {
  /** As it was written. */
  readonly condition: string;
  readonly value: number | undefined;
  readonly met: boolean;
}

const CONDITION = /^\s*([a-zA-Z][a-zA-Z0-9_]{0,63})\s*(>=|<=|>|<)\s*(-?\d{1,15}(?:\.\d{1,15})?(?:e-?\d{1,3})?)\s*$/;

/** @throws Fault unless the text is METRIC OPERATOR NUMBER */
export function parseCondition(text: string): GateCondition {
  const [, metric, operator, bound] = CONDITION.exec(text) ?? [];
  if (metric === undefined)
    throw invalid(`"${text.slice(0, 80)}" is not a condition; write METRIC ${OPERATORS.join('|')} NUMBER, for example f1_macro>=0.85.`, 'gate', 'bad_condition');
  return { metric, operator: operator as GateCondition['operator'], bound: Number(bound) };
}

/** Whether measured values meet each condition. A metric that was not measured meets none. @throws Fault for a text that is no condition */
export function checkGate(conditions: readonly string[], values: Readonly<Record<string, number | undefined>>): GateResult[] {
  return conditions.map((condition) => {
    const { metric, operator, bound } = parseCondition(condition);
    const value = Object.hasOwn(values, metric) ? values[metric] : undefined;
    return { condition, value, met: value !== undefined && holds(value, operator, bound) };
  });
}

function holds(value: number, operator: GateCondition['operator'], bound: number): boolean {
  switch (operator) {
    case '>=':
      return value >= bound;
    case '<=':
      return value <= bound;
    case '>':
      return value > bound;
    case '<':
      return value < bound;
  }
}
