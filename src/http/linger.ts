import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Clock } from '../base/clock.ts';

/** So long who sends has to see the answer. */
const LINGER_MS = 2_000;

/** Whether bytes of a body may still come: who has no body to send is done with the head. */
export function isUnread({ complete, headers }: IncomingMessage): boolean {
  return !complete && (headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0);
}

/**
 * For an answer that comes before the request was read to its end: the connection ends after it, but not at once. Closed with bytes unread, it would be
 * reset, and a proxy that is still sending would make a 502 of our answer. What comes meanwhile stays unread.
 */
export function closeLingering(response: ServerResponse, clock: Clock): void {
  const { socket } = response;
  if (!socket) return;
  // node:http ends a connection by this, once its last answer has been written.
  socket.destroySoon = () => {
    socket.end();
    const cancel = clock.timer(LINGER_MS, () => socket.destroy());
    socket.once('close', cancel);
    // After node:http has begun to read what nobody has asked for.
    setImmediate(() => socket.pause());
  };
}
