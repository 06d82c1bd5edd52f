import { expect, test } from 'vitest';
import { next, type Slot, type Waiting } from './next.ts';

const call = (id: string, more: Partial<Waiting> = {}) => ({ id, revision: 'r', rows: 1, batchKey: undefined, avoid: new Set<string>(), ...more });
const slot = (replica: string, { free = 1, maxBatchSize = 1, busy = 0 } = {}): Slot => ({ replica: { id: replica }, revision: { id: 'r', maxBatchSize }, free, busy });
/** The pick by names. */
const pick = (calls: readonly ReturnType<typeof call>[], slots: readonly Slot[]) => {
  const picked = next(calls, slots);
  return picked && { replica: picked.lane.replica.id, calls: picked.calls.map(({ id }) => id) };
};

test('nothing waits or nothing is free: nothing is picked', () => {
  expect(pick([], [slot('a')])).toBeUndefined();
  expect(pick([call('1')], [])).toBeUndefined();
  expect(pick([call('1')], [slot('a', { free: 0 })])).toBeUndefined();
});

test('the oldest call goes first, to the replica with most free slots', () => {
  expect(pick([call('1'), call('2')], [slot('a', { free: 1 }), slot('b', { free: 3 })])).toEqual({ replica: 'b', calls: ['1'] });
});

test('a call goes to its own revision only, and one that can not go holds up nobody else', () => {
  expect(pick([call('1', { revision: 'old' }), call('2')], [slot('a')])).toEqual({ replica: 'a', calls: ['2'] });
});

test('a replica that refused a call is not asked again for it', () => {
  const waiting = [call('1', { avoid: new Set(['a']) })];
  expect(pick(waiting, [slot('a')])).toBeUndefined();
  expect(pick(waiting, [slot('a'), slot('b')])).toEqual({ replica: 'b', calls: ['1'] });
});

test('calls with equal keys are joined in order up to the batch size; one too large is passed over', () => {
  const waiting = [
    call('1', { batchKey: 'k', rows: 2 }),
    call('2', { batchKey: 'other' }),
    call('3', { batchKey: 'k', rows: 7 }),
    call('4', { batchKey: 'k' }),
    call('5', { batchKey: 'k' }),
    call('6', { batchKey: 'k' }),
  ];
  expect(pick(waiting, [slot('a', { maxBatchSize: 4 })])).toEqual({ replica: 'a', calls: ['1', '4', '5'] });
});

test('a lone call is never kept back to wait for more, and one larger than the batch size goes alone', () => {
  expect(pick([call('1', { batchKey: 'k' })], [slot('a', { maxBatchSize: 64 })])).toEqual({ replica: 'a', calls: ['1'] });
  expect(pick([call('1', { batchKey: 'k', rows: 9 }), call('2', { batchKey: 'k' })], [slot('a', { maxBatchSize: 4 })])).toEqual({ replica: 'a', calls: ['1'] });
});

test('calls without a key, of another revision, or that avoid the replica are not joined', () => {
  const slots = [slot('a', { maxBatchSize: 8 })];
  expect(pick([call('1'), call('2')], slots)?.calls).toEqual(['1']);
  expect(pick([call('1', { batchKey: 'k' }), call('2', { batchKey: 'k', revision: 'old' }), call('3', { batchKey: 'k', avoid: new Set(['a']) })], slots)?.calls).toEqual(['1']);
});

test('S17: a call that is to be alone waits for a replica to run empty, and nothing else goes there meanwhile', () => {
  const alone = call('alone', { isAlone: true });
  expect(pick([alone], [slot('a', { busy: 1, free: 7 })])).toBeUndefined();
  expect(pick([alone, call('b')], [slot('a', { busy: 1, free: 7 })])).toBeUndefined();
  expect(pick([alone, call('b')], [slot('a', { busy: 1, free: 7 }), slot('c', { busy: 3, free: 1 })])).toEqual({ replica: 'c', calls: ['b'] });
  expect(pick([alone, call('b')], [slot('a', { busy: 1, free: 7 }), slot('c')])).toEqual({ replica: 'c', calls: ['alone'] });
  // Each holds one replica back, no more.
  const others = [call('second', { isAlone: true }), call('b')];
  expect(pick([alone, ...others], [slot('a', { busy: 2, free: 6 }), slot('c', { busy: 1, free: 7 })])).toBeUndefined();
  expect(pick([alone, ...others], [slot('a', { busy: 2, free: 6 }), slot('c', { busy: 1, free: 7 }), slot('d', { busy: 3, free: 5 })])).toEqual({ replica: 'd', calls: ['b'] });
  expect(pick([call('first'), alone], [slot('a', { busy: 1, free: 7 })])).toEqual({ replica: 'a', calls: ['first'] });
});
