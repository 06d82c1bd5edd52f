import type { paths } from './generated/api.ts';
import { Inference } from './inference.ts';
import { type BodyOf, type ClientOptions, Http, type Method, type PathOf, type ResultOf, type SendOptions } from './request.ts';
import { Uploads } from './uploads.ts';

/**
 * Modelyard's control and inference APIs. Every control operation is `get`, `post`, `put`, `patch` or `delete` with the path of the
 * OpenAPI document, typed by it: `client.post('/api/v1/keys', { body: { name: 'ci' } })`.
 */
export class Modelyard {
  readonly inference: Inference;
  readonly uploads: Uploads;
  readonly #http: Http;

  constructor(options: ClientOptions) {
    this.#http = new Http(options);
    this.inference = new Inference(this.#http);
    this.uploads = new Uploads(this.#http);
  }

  get<P extends PathOf<'get'>>(path: P, options?: Omit<SendOptions, 'body'>): Promise<ResultOf<'get', P>> {
    return this.#call('get', path, options);
  }

  post<P extends PathOf<'post'>>(path: P, options?: Omit<SendOptions, 'body'> & { readonly body?: BodyOf<'post', P> }): Promise<ResultOf<'post', P>> {
    return this.#call('post', path, options);
  }

  put<P extends PathOf<'put'>>(path: P, options?: Omit<SendOptions, 'body'> & { readonly body?: BodyOf<'put', P> }): Promise<ResultOf<'put', P>> {
    return this.#call('put', path, options);
  }

  patch<P extends PathOf<'patch'>>(path: P, options?: Omit<SendOptions, 'body'> & { readonly body?: BodyOf<'patch', P> }): Promise<ResultOf<'patch', P>> {
    return this.#call('patch', path, options);
  }

  delete<P extends PathOf<'delete'>>(path: P, options?: Omit<SendOptions, 'body'>): Promise<void> {
    return this.#http.json('DELETE', path, options);
  }

  #call<M extends Method, P extends keyof paths>(method: M, path: P, options: SendOptions | undefined): Promise<ResultOf<M, P>> {
    return this.#http.json(method.toUpperCase(), path, options);
  }
}
