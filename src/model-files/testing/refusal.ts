import { expect } from 'vitest';
import { Fault } from '../../contract/errors.ts';

/** The refusal that reading ends in; fails when it is accepted, or ends otherwise. */
export function refusalOf(read: () => unknown): Fault {
  try {
    read();
  } catch (error) {
    expect(error).toBeInstanceOf(Fault);
    expect((error as Fault).kind).toBe('invalid_argument');
    return error as Fault;
  }
  throw new Error('it was accepted');
}
