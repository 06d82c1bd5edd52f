import type { ServerResponse } from 'node:http';
import type { Writable } from 'node:stream';
import type { Clock } from '../base/clock.ts';

/** Whoever reads less than this much in the time of a stall holds memory, and with a stream an engine's slot, for nothing. */
const BYTES_PER_STALL = 131_072;

/** How long a reader may leave an answer lying that waits in memory to be read, milliseconds: longer for more bytes. */
function patienceMs({ writableLength }: ServerResponse, stallMs: number): number {
  return stallMs * Math.max(1, Math.ceil(writableLength / BYTES_PER_STALL));
}

/** Resolves once a stream that was written faster than it is read has room again, or is closed. */
export function room(stream: Writable): Promise<void> {
  if (stream.destroyed || !stream.writableNeedDrain) return Promise.resolve();
  return new Promise((resolve) => {
    const done = () => {
      stream.off('drain', done);
      stream.off('close', done);
      resolve();
    };
    stream.on('drain', done);
    stream.on('close', done);
  });
}

/** The same of an answer, whose reader is cut off when he stalls: for the call he is then one who has left. */
export function drained(response: ServerResponse, clock: Clock, stallMs: number): Promise<void> {
  if (response.destroyed || !response.writableNeedDrain) return Promise.resolve();
  const cancel = clock.timer(patienceMs(response, stallMs), () => response.destroy());
  return room(response).then(cancel);
}

/** For an answer that has been written to its end: what of it nobody reads in time goes, with its connection. */
export function cutWhenUnread(response: ServerResponse, clock: Clock, stallMs: number): void {
  if (response.destroyed || response.writableLength === 0) return;
  // One that waits for those before it on its connection is not unread yet.
  if (!response.socket) return void response.once('socket', () => cutWhenUnread(response, clock, stallMs));
  const cancel = clock.timer(patienceMs(response, stallMs), () => response.destroy());
  response.once('close', cancel);
}

/** For an answer that somebody else writes: cut off when none of what waits in memory is read for a whole stall. */
export function watchReader(response: ServerResponse, clock: Clock, stallMs: number): void {
  let reads = 0;
  let cancel: () => void = () => undefined;
  const look = () => {
    const waiting = response.writableLength;
    const before = reads;
    cancel = clock.timer(patienceMs(response, stallMs), () => {
      if (waiting > 0 && response.socket && reads === before && response.writableLength >= waiting) response.destroy();
      else look();
    });
  };
  response.on('drain', () => reads++);
  response.once('close', () => cancel());
  look();
}
