import { createHash } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { backoffMs } from '../../../base/backoff.ts';
import type { Clock } from '../../../base/clock.ts';
import { Fault } from '../../../contract/errors.ts';
import type { Egress, StreamedAnswer } from '../../../egress/egress.ts';
import type { BlobStore } from '../blobs.ts';
import { BLOB_BYTES_MAX, type Digest } from '../digest.ts';
import { blobTooLarge, digestUnknown, hubDisagrees, pullBusy, sourceRefused, tooMuchCame } from '../errors.ts';
import type { FileSource } from './file-source.ts';
import { type HubSettings, hubToken, hubUrl, hubWords } from './hub.ts';
import { type About, Partial } from './partial.ts';

/** Tries in a row that bring nothing: with their pauses, two minutes. */
const TRIES_MAX = 10;
const RETRY_BASE_MS = 500;
const RETRY_MS_MAX = 30_000;
const IDLE_MS = 60_000;
const REDIRECTS_MAX = 5;

export interface DownloadsOptions {
  readonly egress: Egress;
  readonly blobs: BlobStore;
  readonly clock: Clock;
  readonly hub: HubSettings;
}

export interface Order {
  readonly source: FileSource;
  /** Takes whatever comes when nobody says what it must be. */
  readonly recordDigest: boolean;
  /** Who keeps the blob until it is published. */
  readonly holder: string;
}

export interface Progress {
  report(text: string): void;
  readonly signal: AbortSignal;
}

/** A blob now. */
export interface Downloaded {
  readonly path: string;
  readonly digest: Digest;
  readonly origin: string;
}

/** Brings files of web servers and of the Hugging Face Hub into the blob store; one that is cut goes on where it stopped, in the same process or a later one (S31). */
export class Downloads {
  readonly #options: DownloadsOptions;
  readonly #busy = new Set<string>();

  constructor(options: DownloadsOptions) {
    this.#options = options;
  }

  /** @throws Fault when it can't be had, or is not what it must be: then nothing of it is kept */
  async fetch(order: Order, progress: Progress): Promise<Downloaded> {
    const { source, holder } = order;
    const { blobs } = this.#options;
    if (source.digest !== undefined && (await blobs.hold(source.digest, holder, Number.POSITIVE_INFINITY)) !== undefined)
      return { path: source.fileName, digest: source.digest, origin: source.text };
    const key = createHash('sha256')
      .update(`${source.text}#${source.digest ?? ''}`)
      .digest('hex');
    if (this.#busy.has(key)) throw pullBusy(source.text);
    this.#busy.add(key);
    const folder = join(blobs.downloadFolder, key);
    try {
      return await this.#bring(await Partial.open(folder), order, progress);
    } catch (error) {
      // Of a server that does not keep its word nothing is kept, and on a full disk nothing that is not whole.
      if (error instanceof Fault && (error.kind === 'bad_upstream' || error.kind === 'insufficient_storage')) await rm(folder, { recursive: true, force: true });
      throw error;
    } finally {
      this.#busy.delete(key);
    }
  }

  async #bring(partial: Partial, order: Order, progress: Progress): Promise<Downloaded> {
    const isResumed = partial.bytes > 0;
    const came = await this.#untilWhole(partial, order, progress);
    if (came !== 'whole') {
      await partial.discard();
      return came;
    }
    progress.report(`verifying ${order.source.fileName}`);
    const { digest: expected, origin } = partial.about;
    try {
      const { digest } = await this.#options.blobs.adopt(partial.path, { ...(expected && { expected }), holder: order.holder });
      return { path: order.source.fileName, digest, origin };
    } catch (error) {
      // What a power cut has left of the first part may be other bytes; all of it from the start says whether it is the file.
      if (!isResumed || !(error instanceof Fault) || error.code !== 'digest_mismatch') throw error;
    } finally {
      await partial.discard();
    }
    progress.report(`${order.source.fileName} is not what it must be; once more from the start`);
    return this.#bring(await Partial.open(join(partial.path, '..')), order, progress);
  }

  /** The blob, where it turns out that it is here already. */
  async #untilWhole(partial: Partial, order: Order, progress: Progress): Promise<'whole' | Downloaded> {
    const { clock } = this.#options;
    // A server whose parts do not fit is begun anew each time, and would be for ever: only what was never reached before counts.
    let furthest = partial.bytes;
    for (let tries = 0; !partial.isWhole;) {
      try {
        const came = await this.#attempt(partial, order, progress);
        if (came !== 'nothing') return came;
        tries++;
      } catch (error) {
        if (progress.signal.aborted || !isPassing(error)) throw error;
        tries = partial.bytes > furthest ? 1 : tries + 1;
        furthest = Math.max(furthest, partial.bytes);
        if (tries >= TRIES_MAX) throw error;
        progress.report(`${order.source.fileName}: ${error.message} ${going(partial)}`);
        await clock.after(Math.max((error.retryAfterSeconds ?? 0) * 1_000, backoffMs(tries - 1, RETRY_BASE_MS, RETRY_MS_MAX)), progress.signal);
      }
      if (tries >= TRIES_MAX) throw sourceRefused(order.source.text, 'it answers with parts that do not fit');
    }
    return 'whole';
  }

  /** One request. `nothing`: what is here did not fit and is gone. */
  async #attempt(partial: Partial, { source, recordDigest, holder }: Order, { report, signal }: Progress): Promise<'whole' | 'nothing' | Downloaded> {
    const { egress, hub, blobs } = this.#options;
    const token = source.hub && (await hubToken(hub));
    const { etag } = partial.about;
    // Without a tag nobody can say that the rest is of the same file.
    const offset = etag === undefined ? 0 : partial.bytes;
    const headers = {
      accept: '*/*',
      'accept-encoding': 'identity',
      ...(offset > 0 && etag !== undefined && { range: `bytes=${offset}-`, 'if-range': etag }),
      ...(token !== undefined && { authorization: `Bearer ${token}` }),
    };
    const url = source.hub ? hubUrl(hub, source.hub) : (source.url ?? '');
    report(`asking for ${source.text}`);
    const answer = await egress.stream({ url, madeBy: 'operator', headers, redirectsMax: REDIRECTS_MAX, idleMs: IDLE_MS, signal });
    try {
      const about = this.#aboutOf(source, answer, recordDigest);
      const { digest, origin } = about;
      if (digest && (await blobs.hold(digest, holder, Number.POSITIVE_INFINITY)) !== undefined) return { path: source.fileName, digest, origin };
      if (answer.status === 206 && offset > 0 && continues(partial, answer, about)) report(`${source.fileName}: going on at ${megabytes(offset)}`);
      else {
        await partial.restart(about);
        if (answer.status !== 200) return 'nothing';
      }
      await partial.checkRoom();
      await partial.append(bounded(answer.body, partial, source), () => report(`downloading ${source.fileName} (${shareOf(partial)})`));
      checkComplete(partial);
      return 'whole';
    } finally {
      answer.close();
    }
  }

  /** @throws Fault for an answer that is no file, or one of which nobody knows what it must be */
  #aboutOf(source: FileSource, { status, headers, hops }: StreamedAnswer, recordDigest: boolean): About {
    if (status !== 200 && status !== 206 && status !== 416) throw answered(source, status, headers['retry-after']);
    const encoding = headers['content-encoding'];
    if (encoding !== undefined && encoding !== 'identity') throw sourceRefused(source.text, `its bytes are encoded as "${String(encoding).slice(0, 20)}"`);
    const words = source.hub ? hubWords(this.#options.hub, hops) : { digest: undefined, commit: undefined };
    if (source.digest && words.digest && source.digest !== words.digest) throw hubDisagrees(source.text, words.digest);
    const digest = source.digest ?? words.digest;
    if (digest === undefined && !recordDigest) throw digestUnknown(source.text);
    // Nothing would tell half of it from all of it.
    if (digest === undefined && status === 200 && headers['content-length'] === undefined && headers['transfer-encoding'] === undefined)
      throw sourceRefused(source.text, 'it does not say where the file ends, and nobody says what it must be');
    const total = status === 206 ? rangeOf(headers['content-range'])?.total : lengthOf(headers['content-length']);
    if (total !== undefined && total > BLOB_BYTES_MAX) throw blobTooLarge(BLOB_BYTES_MAX);
    const etag = /^"[\x21\x23-\x7e]{1,200}"$/.exec(String(headers['etag'] ?? ''))?.[0];
    const origin = source.hub ? `hf:${source.hub.repository}@${words.commit ?? source.hub.revision}/${source.hub.path}` : source.text;
    return { etag, total, digest, origin };
  }
}

/** The rest of the same file, from where we are. */
function continues({ bytes, about }: Partial, { headers }: StreamedAnswer, now: About): boolean {
  return rangeOf(headers['content-range'])?.first === bytes && now.total !== undefined && now.total === about.total && now.digest === about.digest && now.etag === about.etag;
}

async function* bounded(body: AsyncIterable<Buffer>, partial: Partial, { text }: FileSource): AsyncGenerator<Buffer> {
  const bytesMax = partial.about.total ?? BLOB_BYTES_MAX;
  for await (const chunk of body) {
    if (partial.bytes + chunk.length > bytesMax) throw tooMuchCame(text, bytesMax);
    yield chunk;
  }
}

/** A body of unknown length that ended is whole; one that is shorter than was said was cut. */
function checkComplete(partial: Partial): void {
  const { total } = partial.about;
  if (total !== undefined && partial.bytes !== total) throw new Fault('unavailable', 'cut_short', `Only ${partial.bytes} of ${total} bytes came.`);
}

function answered(source: FileSource, status: number, retryAfter: unknown): Fault {
  const seconds = /^\d{1,4}$/.test(String(retryAfter)) ? Math.min(Number(retryAfter), 60) : undefined;
  if (status === 429 || status >= 500)
    return new Fault('unavailable', 'source_busy', `It answers with status ${status}.`, seconds === undefined ? {} : { retryAfterSeconds: seconds });
  if (status === 404 || status === 410) return new Fault('not_found', 'file_not_found', `There is no ${source.text}.`);
  if (status === 401 || status === 403) {
    const hint = source.hub ? 'set sources.hf.tokenFile in modelyard.yaml to a token that may read it' : 'sources that need a password are not read';
    return new Fault('permission_denied', 'source_closed', `${source.text} is not open (status ${status}): ${hint}.`);
  }
  return sourceRefused(source.text, `it answers with status ${status}`);
}

/** What another try may mend. */
function isPassing(error: unknown): error is Fault {
  return error instanceof Fault && (error.kind === 'unavailable' || error.kind === 'deadline_exceeded');
}

function rangeOf(header: unknown): { readonly first: number; readonly total: number } | undefined {
  const [, first, last, total] = /^bytes (\d{1,15})-(\d{1,15})\/(\d{1,15})$/.exec(String(header ?? '')) ?? [];
  return Number(last) === Number(total) - 1 ? { first: Number(first), total: Number(total) } : undefined;
}

function lengthOf(header: unknown): number | undefined {
  return /^\d{1,15}$/.test(String(header ?? '')) ? Number(header) : undefined;
}

function going({ bytes, about }: Partial): string {
  return bytes > 0 && about.etag !== undefined ? `Going on at ${megabytes(bytes)}.` : 'Trying again.';
}

function shareOf({ bytes, about: { total } }: Partial): string {
  return total === undefined || total === 0 ? megabytes(bytes) : `${megabytes(bytes)} of ${megabytes(total)}, ${Math.floor((bytes / total) * 100)} %`;
}

function megabytes(bytes: number): string {
  return `${(bytes / 1_000_000).toFixed(1)} MB`;
}
