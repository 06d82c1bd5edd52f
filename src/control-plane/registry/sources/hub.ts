import { readFile } from 'node:fs/promises';
import { invalid } from '../../../contract/errors.ts';
import { type Digest, parseDigest } from '../digest.ts';
import type { HubFile } from './file-source.ts';

export interface HubSettings {
  /** Where the Hugging Face Hub is, or a mirror of it. */
  readonly endpoint: string;
  /** A file whose text is the token for it; absent: no token. */
  readonly tokenFile?: string | undefined;
}

export const HUB_ENDPOINT = 'https://huggingface.co';
const TOKEN_CHARS_MAX = 4_096;

/** Source: huggingface_hub, `hf_hub_url`: /{repository}/resolve/{revision}/{path}. */
export function hubUrl({ endpoint }: HubSettings, { repository, revision, path }: HubFile): string {
  const escaped = path.split('/').map(encodeURIComponent).join('/');
  return `${endpoint.replace(/\/+$/, '')}/${repository}/resolve/${encodeURIComponent(revision)}/${escaped}`;
}

/** Read each time, so that a token can be replaced. @throws Fault that names the file */
export async function hubToken({ tokenFile }: HubSettings): Promise<string | undefined> {
  if (tokenFile === undefined) return undefined;
  const text = await readFile(tokenFile, 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw invalid(`sources.hf.tokenFile, ${tokenFile}, can't be read (${error.code ?? 'error'}).`, 'sources.hf.tokenFile');
  });
  const token = text.trim();
  if (token.length > TOKEN_CHARS_MAX || !/^[\x21-\x7e]+$/.test(token)) throw invalid(`sources.hf.tokenFile, ${tokenFile}, is not one token.`, 'sources.hf.tokenFile');
  return token;
}

/** What the Hub itself said of a file, on the way to where its bytes are: only answers of its own origin count. */
export function hubWords(
  { endpoint }: HubSettings,
  hops: readonly { readonly origin: string; readonly headers: Readonly<Record<string, unknown>> }[],
): { readonly digest: Digest | undefined; readonly commit: string | undefined } {
  const { origin } = new URL(endpoint);
  const headers = hops.filter((hop) => hop.origin === origin).map((hop) => hop.headers);
  const found = (name: string, pattern: RegExp) => headers.map((of) => pattern.exec(String(of[name] ?? ''))?.[1]).findLast((value) => value !== undefined);
  // The entity tag of a large file is its sha256; of a small one git's sha1, which says nothing here.
  const hex = found('x-linked-etag', /^"?([0-9a-f]{64})"?$/) ?? found('etag', /^"?([0-9a-f]{64})"?$/);
  return { digest: hex === undefined ? undefined : parseDigest(`sha256:${hex}`), commit: found('x-repo-commit', /^([0-9a-f]{40})$/) };
}
