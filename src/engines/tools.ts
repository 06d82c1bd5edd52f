/** A function that the model may call. `parameters` is a JSON schema of an object. */
export interface ToolFunction {
  readonly name: string;
  readonly description: string;
  readonly parameters: unknown;
  /** Its arguments keep to all of the schema; else to what of it can be kept to. */
  readonly isStrict: boolean;
}

/** What a caller allows: `auto`, the model answers by text or by calls; `required`, by calls only. */
export interface ToolUse {
  readonly functions: readonly ToolFunction[];
  readonly mode: 'auto' | 'required';
  /** Several calls in one answer. */
  readonly isParallel: boolean;
}

/** A call that the model made earlier in a conversation. `arguments` is JSON. */
export interface ToolCall {
  readonly id: string;
  readonly name: string;
  readonly arguments: string;
}

/** The marks round a call, as models trained on them write it (Hermes, Qwen). */
export const TOOL_CALL_OPEN = '<tool_call>';
export const TOOL_CALL_CLOSE = '</tool_call>';
/** Calls in one answer. */
export const PARALLEL_MAX = 16;
