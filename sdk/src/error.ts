/** A refusal or failure that the server put into words, or that it could not be reached (`code: 'unreachable'`). */
export class ModelyardError extends Error {
  override readonly name = 'ModelyardError';
  /** HTTP status; 0 when there was no answer. */
  readonly status: number;
  readonly code: string;
  readonly param: string | undefined;

  constructor(status: number, code: string, message: string, param?: string) {
    super(message);
    this.status = status;
    this.code = code;
    this.param = param;
  }
}

/** The error in an answer: OpenAI's and the control API's object, or OIP's string. */
export async function errorOf(response: Response): Promise<ModelyardError> {
  const text = await response.text();
  try {
    const { error } = JSON.parse(text) as { error?: string | { message?: string; code?: string; param?: string | null } };
    if (typeof error === 'string') return new ModelyardError(response.status, 'error', error);
    if (error?.message) return new ModelyardError(response.status, error.code ?? 'error', error.message, error.param ?? undefined);
  } catch {
    // not JSON: a proxy's page, perhaps
  }
  return new ModelyardError(response.status, 'error', `The server answered with status ${response.status}.`);
}
