/** The fractional part of the golden ratio: its multiples, taken modulo 1, fill [0, 1) as evenly as any sequence can (Weyl). */
const GOLDEN = 0.618_033_988_749_894_9;
const SPAN = 2 ** 32;

/** Where in [0, 1) a call falls when a deployment's traffic is shared among revisions. */
export class Split {
  #turn = 0;

  /** The same point for the same session, always; without one the next of an even sequence, so that shares hold after few calls too. */
  pointOf(session: string | undefined): number {
    if (session !== undefined) return hash(session) / SPAN;
    this.#turn = (this.#turn + GOLDEN) % 1;
    return this.#turn;
  }
}

/** FNV-1a with MurmurHash3's finalizer, which spreads it over all 32 bits. */
function hash(text: string): number {
  let value = 0x811c_9dc5;
  for (let index = 0; index < text.length; index++) value = Math.imul(value ^ text.charCodeAt(index), 0x0100_0193);
  value = Math.imul(value ^ (value >>> 16), 0x85eb_ca6b);
  value = Math.imul(value ^ (value >>> 13), 0xc2b2_ae35);
  return (value ^ (value >>> 16)) >>> 0;
}
