import { invalid } from '../../contract/errors.ts';

export const emptyRange = () => invalid('"since" must be before "until".', 'since');
export const rangeTooLong = (daysMax: number) => invalid(`At most ${daysMax} days can be asked for at once; measured hours are not kept for longer.`, 'since');
