/** What the auditor looks for; each has to be found nowhere. */
export const KINDS = {
  unbilled: 'answered whole, but not billed',
  double_billed: 'billed more than once',
  wrongly_priced: 'billed another amount than its price says, or to others',
  miscounted: 'recorded otherwise than the engine did it, or than the client was told',
  untrue: 'billed, but no engine ever did it',
  unrecorded: 'in the book or a log, but without a usage row',
  unposted: 'recorded with a price, but not in the book',
  surplus: 'billed, though its client was refused, or nobody was cut',
  replay: 'a repeat that differs from the first answer',
  negative_balance: 'an account below zero',
  open_lease: 'a lease or a hold that nobody has given back',
  unbalanced: 'a transaction that does not add up to zero',
  broken_link: 'a transaction that does not follow the one before',
  wrong_balance: 'kept otherwise than its entries come to',
  wrong_refund: 'more given back than was charged',
  wrong_receipt: 'a receipt that is not what the book says, or not signed',
  wrong_count: 'a quota or budget that counts otherwise than its calls come to',
  over_limit: 'a hard budget or quota used beyond its limit',
  stale_terms: 'a call by a price or a key that did not hold for it then',
} as const;
export type Kind = keyof typeof KINDS;

export interface Finding {
  readonly kind: Kind;
  /** A request, a transaction, an account, a lease. */
  readonly id: string;
  readonly what: string;
}
