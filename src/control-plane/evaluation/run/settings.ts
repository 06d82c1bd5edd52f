export const RUN_TASKS = ['classification', 'generation', 'embedding', 'regression'] as const;
export type RunTask = (typeof RUN_TASKS)[number];

/** What of a run decides its report, beside the model and the dataset. All of it is in the report and in its digest. */
export interface RunSettings {
  readonly task: RunTask;
  readonly seed: number;
  /** Only the first so many examples. */
  readonly limit?: number;
  /** The prompt, with `{{field}}` for an example's field. */
  readonly template?: string;
  /** What the model is told before the prompt. */
  readonly system?: string;
  readonly maxTokens?: number;
  /** The labels that a text model's answer may mean; the dataset's own unless told otherwise. */
  readonly choices?: readonly string[];
  /** The tensor that `text`, `base64`, `input` or the numeric fields are for; the model's first unless told otherwise. */
  readonly input?: string;
  /** The tensor that answers; the first that has text, otherwise the first, unless told otherwise. */
  readonly output?: string;
  /** The names of a score tensor's columns. */
  readonly classes?: readonly string[];
}

/** What is asked of one example: a request of the public API. */
export interface GatewayRequest {
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}

/** A JSON request. */
export function jsonRequest(path: string, body: unknown): GatewayRequest {
  return { path, headers: { 'content-type': 'application/json' }, body: Buffer.from(JSON.stringify(body)) };
}

/** What the model answered to one example, by task; kept as JSON until the run has its report. */
export type Prediction =
  | { readonly label: string; readonly scores?: readonly number[]; readonly classes?: readonly string[] }
  | { readonly text: string }
  | { readonly similarity: number }
  | { readonly value: number };

/** An answer that can't be read as the task needs it: the example has failed. */
export class UnreadableAnswer extends Error {
  override readonly name = 'UnreadableAnswer';
}
