import type { ForeignAddress } from '../../contract/feeds.ts';
import type { AnswerHeaders } from '../call.ts';

export interface UpstreamRequest {
  readonly path: string;
  /** Name, value, name, value. */
  readonly headers: string[];
  /** Whole, or the pieces that it is made of. */
  readonly body: Buffer | readonly Buffer[];
}

export interface UpstreamControl {
  pause(): void;
  resume(): void;
  /** Gives the call up: its connection is closed. */
  abort(reason: Error): void;
}

/** What happens to a request, in order: its start, one head, any number of chunks, then `ended` once. */
export interface UpstreamListener {
  /** Who copies the bytes of `data` is given what is read over afterwards. */
  readonly copies?: boolean;
  begun(control: UpstreamControl): void;
  head(status: number, headers: AnswerHeaders): void;
  data(chunk: Buffer, control: UpstreamControl): void;
  /** With an error: the connection failed, or ended early. */
  ended(error?: Error): void;
}

/** The connections to one replica. */
export interface Upstream {
  /** Where it is, when it is a server that is not ours. */
  readonly foreign: ForeignAddress | undefined;
  /** Sends one POST. */
  send(request: UpstreamRequest, listener: UpstreamListener): void;
  /** Has a running call stopped; `control` is that call's. Returns how to call that off. */
  stop(requestId: string, control: () => UpstreamControl | undefined): () => void;
  /** Lets running calls finish. */
  close(): Promise<void>;
}
