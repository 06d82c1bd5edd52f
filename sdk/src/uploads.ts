import type { Http, ResultOf } from './request.ts';

/** One request's share of a file: small enough that a broken connection costs little. */
const PART_BYTES = 8 * 1_048_576;

/** What an upload needs of a file: `Blob`, `File` and Node's `openAsBlob` are such. */
export interface Bytes {
  readonly size: number;
  slice(start: number, end: number): { arrayBuffer(): Promise<ArrayBuffer> };
}

export class Uploads {
  readonly #http: Http;

  constructor(http: Http) {
    this.#http = http;
  }

  /** Sends a dataset for evaluations, whole: the server answers with its digest. */
  dataset(bytes: Uint8Array, format: 'jsonl' | 'csv'): Promise<ResultOf<'post', '/api/v1/datasets'>> {
    return this.#http.json('POST', '/api/v1/datasets', { query: { format }, headers: { 'content-type': 'application/octet-stream' }, body: bytes });
  }

  /** Sends a file by its digest (`sha256:…`), going on from where an earlier try stopped. The server verifies it. */
  async send(digest: string, bytes: Bytes, progress: (sent: number) => void = () => undefined): Promise<void> {
    const params = { digest };
    let { bytes: sent, complete } = await this.#http.json<{ bytes: number; complete: boolean }>('GET', '/api/v1/blobs/{digest}', { params });
    while (!complete) {
      // All of it is there, and the server was stopped before it had verified it: any part makes it do so.
      const start = Math.min(sent, bytes.size - 1);
      const end = Math.min(start + PART_BYTES, bytes.size);
      const body = new Uint8Array(await bytes.slice(start, end).arrayBuffer());
      const headers = { 'content-type': 'application/octet-stream', 'content-range': `bytes ${start}-${end - 1}/${bytes.size}` };
      ({ bytes: sent, complete } = await this.#http.json<{ bytes: number; complete: boolean }>('PUT', '/api/v1/blobs/{digest}', { params, body, headers }));
      progress(sent);
    }
  }
}
