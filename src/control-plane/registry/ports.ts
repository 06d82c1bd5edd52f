/** Servers that are not ours, as far as a version may name one; `app/` joins it to the operator's file and to the upstreams. */
export interface ForeignEngines {
  /** What it speaks; undefined: there is none of that name. */
  dialectOf(kind: 'command' | 'remote', name: string): 'openai' | 'oip' | undefined;
}
