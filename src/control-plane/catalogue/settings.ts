import { type Static, Type } from 'typebox';

/** The section `market` of the operator's file; what is left out is as said here. The currency is that of the section `costing`. */
export const MarketSection = Type.Object(
  {
    publisherShareBasisPoints: Type.Optional(Type.Integer({ minimum: 0, maximum: 10_000, default: 8_000, description: 'of a charge after tax, in hundredths of a percent' })),
    taxBasisPoints: Type.Optional(Type.Integer({ minimum: 0, maximum: 10_000, default: 0, description: 'what of a charge is tax, in hundredths of a percent' })),
    noticeDays: Type.Optional(Type.Integer({ minimum: 0, maximum: 365, default: 30, description: 'before a price that rises holds for who has subscribed' })),
  },
  { additionalProperties: false },
);
export type MarketSection = Static<typeof MarketSection>;

export type MarketSettings = Readonly<Required<MarketSection>>;

export function resolveMarket({ publisherShareBasisPoints = 8_000, taxBasisPoints = 0, noticeDays = 30 }: MarketSection = {}): MarketSettings {
  return { publisherShareBasisPoints, taxBasisPoints, noticeDays };
}
