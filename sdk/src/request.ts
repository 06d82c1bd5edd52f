import { errorOf, ModelyardError } from './error.ts';
import type { paths } from './generated/api.ts';

/** Types of the control API's operations, taken from the generated document. */
export type Method = 'get' | 'post' | 'put' | 'patch' | 'delete';
export type PathOf<M extends Method> = { [P in keyof paths]: paths[P] extends Record<M, { responses: unknown }> ? P : never }[keyof paths];
type Operation<M extends Method, P extends keyof paths> = paths[P] extends Record<M, infer O> ? O : never;
type JsonIn<T> = T extends { content: { 'application/json': infer B } } ? B : never;
type Responses<O> = O extends { responses: infer R } ? R : never;
type Ok<R> = { [S in keyof R]: S extends 200 | 201 | 202 ? JsonIn<R[S]> : never }[keyof R];

/** What an operation answers with. */
export type ResultOf<M extends Method, P extends keyof paths> = Ok<Responses<Operation<M, P>>>;
/** The JSON body that an operation takes. */
export type BodyOf<M extends Method, P extends keyof paths> = Operation<M, P> extends { requestBody?: infer B } ? JsonIn<NonNullable<B>> : never;

export interface ClientOptions {
  /** For example `http://127.0.0.1:8420`. */
  readonly url: string;
  readonly key: string;
  /** Another `fetch`, for tests or proxies. */
  readonly fetch?: typeof globalThis.fetch;
}

export interface SendOptions {
  readonly params?: Readonly<Record<string, string>>;
  readonly query?: Readonly<Record<string, string | number | boolean | undefined>>;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
}

/** Sends requests with the key; turns every failure into a ModelyardError. */
export class Http {
  readonly #options: ClientOptions;

  constructor(options: ClientOptions) {
    this.#options = options;
  }

  async send(method: string, path: string, options: SendOptions = {}): Promise<Response> {
    const { url, key, fetch = globalThis.fetch } = this.#options;
    const { body, signal } = options;
    const raw = body instanceof Uint8Array || body instanceof ReadableStream;
    const response = await fetch(new URL(fill(path, options), url), {
      method,
      headers: { authorization: `Bearer ${key}`, ...(body !== undefined && !raw && { 'content-type': 'application/json' }), ...options.headers },
      ...(body !== undefined && { body: raw ? (body as Uint8Array<ArrayBuffer>) : JSON.stringify(body) }),
      ...(body instanceof ReadableStream && { duplex: 'half' }),
      ...(signal && { signal }),
    }).catch((error: unknown) => {
      if (signal?.aborted) throw error;
      throw new ModelyardError(0, 'unreachable', `Modelyard could not be reached at ${url}; is it running? ("modelyard up" starts it.)`);
    });
    if (!response.ok) throw await errorOf(response);
    return response;
  }

  async json<T>(method: string, path: string, options: SendOptions = {}): Promise<T> {
    const response = await this.send(method, path, options);
    return (response.status === 204 ? undefined : await response.json()) as T;
  }
}

function fill(path: string, { params = {}, query = {} }: SendOptions): string {
  const filled = path.replaceAll(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(params[name] ?? ''));
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) if (value !== undefined) search.set(name, String(value));
  return search.size > 0 ? `${filled}?${search.toString()}` : filled;
}
