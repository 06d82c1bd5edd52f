export const DIALECTS = ['openai', 'oip'] as const;

/** Somebody else's server. */
export interface Upstream {
  readonly name: string;
  /** Its origin, and for OpenAI's dialect the path in front of `/chat/completions`; without a slash at the end. */
  readonly url: string;
  readonly dialect: (typeof DIALECTS)[number];
  /** Calls that it is sent at once. */
  readonly slots: number;
  /** It takes tensors as binary data. */
  readonly binary: boolean;
  /** Sealed for the origin; undefined: it wants none. */
  readonly sealed: string | undefined;
  /** The credential's last four characters, to tell it by. */
  readonly hint: string;
  readonly createdAt: number;
}

export const NAME_PATTERN = '^[a-z0-9][a-z0-9-]{0,62}$';
const HINT_CHARS = 4;
/** A shorter one would be told by its hint. */
const HINT_FROM = 16;

export function hintOf(credential: string | undefined): string {
  return credential === undefined || credential.length < HINT_FROM ? '' : credential.slice(-HINT_CHARS);
}

/** One spelling an address: no slash at the end. */
export function baseOf(url: URL): string {
  return `${url.origin}${url.pathname.replace(/\/+$/, '')}`;
}
