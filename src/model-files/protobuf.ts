import type { Fault } from '../contract/errors.ts';
import type { HeaderReader } from './byte-source.ts';

/** The protobuf wire format, read field by field (https://protobuf.dev/programming-guides/encoding/). */

export const WIRE_VARINT = 0;
const WIRE_FIXED64 = 1;
export const WIRE_BYTES = 2;
const WIRE_FIXED32 = 5;
const VARINT_BYTES_MAX = 10;

export interface Field {
  readonly number: number;
  readonly wire: number;
  /** Length of the payload that follows, for WIRE_BYTES. */
  readonly length: number;
}

/**
 * Reads the fields of the message that ends at `end`, each by `onField`. What `onField` leaves unread of a field's bytes is skipped;
 * it must read a varint itself or leave all of it.
 */
export function readMessage(reader: HeaderReader, end: number, onField: (field: Field) => void): void {
  while (reader.position < end) {
    const tag = sizeVarint(reader);
    const number = Math.floor(tag / 8);
    const wire = tag % 8;
    if (number < 1 || number > 536_870_911) throw reader.fail(`a field with the number ${number} at byte ${reader.position}`);
    const length = payloadLength(reader, wire);
    if (length > end - reader.position) throw reader.fail(`a field of ${length} bytes at ${reader.position} passes the end of its message`);
    const start = reader.position;
    onField({ number, wire, length });
    if (wire === WIRE_VARINT) {
      if (reader.position === start) sizeVarint(reader);
    } else {
      if (reader.position > start + length) throw reader.fail(`a field at byte ${start} is shorter than what it holds`);
      reader.skip(start + length - reader.position);
    }
  }
  if (reader.position > end) throw reader.fail(`a message passes its end at byte ${end}`);
}

function payloadLength(reader: HeaderReader, wire: number): number {
  switch (wire) {
    case WIRE_VARINT:
      return 0;
    case WIRE_FIXED64:
      return 8;
    case WIRE_FIXED32:
      return 4;
    case WIRE_BYTES:
      return sizeVarint(reader);
    default:
      throw reader.fail(`the wire type ${wire} at byte ${reader.position}`);
  }
}

/** An unsigned 64-bit value. */
export function varint(reader: HeaderReader): bigint {
  let value = 0n;
  for (let n = 0; n < VARINT_BYTES_MAX; n += 1) {
    const byte = reader.u8();
    value |= BigInt(byte & 0x7f) << BigInt(7 * n);
    if (byte < 0x80) return BigInt.asUintN(64, value);
  }
  throw tooLong(reader);
}

/** A tag or a length: exact up to 2^53, beyond which all are refused. */
function sizeVarint(reader: HeaderReader): number {
  let value = 0;
  let unit = 1;
  for (let n = 0; n < VARINT_BYTES_MAX; n += 1) {
    const byte = reader.u8();
    value += (byte & 0x7f) * unit;
    if (byte < 0x80) return value;
    unit *= 0x80;
  }
  throw tooLong(reader);
}

function tooLong(reader: HeaderReader): Fault {
  return reader.fail(`a number of more than ${VARINT_BYTES_MAX} bytes at ${reader.position}`);
}
