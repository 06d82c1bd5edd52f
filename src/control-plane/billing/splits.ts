import { payable, type Posted, REVENUE, type Split, TAX } from '../ledger/index.ts';

const PAYABLE = payable('');

/** How a charge in the book was shared. */
export function splitIn({ postings }: Pick<Posted, 'postings'>): Split {
  const split = { publisher: '', publisherMicros: 0n, platformMicros: 0n, taxMicros: 0n };
  for (const { account, amountMicros } of postings) {
    if (account === REVENUE) split.platformMicros += amountMicros;
    else if (account === TAX) split.taxMicros += amountMicros;
    else if (account.startsWith(PAYABLE)) {
      split.publisher = account.slice(PAYABLE.length);
      split.publisherMicros += amountMicros;
    }
  }
  return split;
}

export function totalOf({ publisherMicros, platformMicros, taxMicros }: Split): bigint {
  return publisherMicros + platformMicros + taxMicros;
}

/** What was given back of each share of a charge. */
export function refundedSplit(charged: Split, refunds: readonly Pick<Posted, 'postings'>[]): Split {
  const back = refunds.map(splitIn);
  const sum = (share: 'publisherMicros' | 'platformMicros' | 'taxMicros') => -back.reduce((total, split) => total + split[share], 0n);
  return { publisher: charged.publisher, publisherMicros: sum('publisherMicros'), platformMicros: sum('platformMicros'), taxMicros: sum('taxMicros') };
}

/** What of each share was not given back yet. */
export function leftOf(charged: Split, refunded: Split): Split {
  return {
    publisher: charged.publisher,
    publisherMicros: charged.publisherMicros - refunded.publisherMicros,
    platformMicros: charged.platformMicros - refunded.platformMicros,
    taxMicros: charged.taxMicros - refunded.taxMicros,
  };
}
