import { crc32, deflateRawSync, gzipSync } from 'node:zlib';

/** Archives for tests, byte by byte: no packer would make most of them. */
export interface ZipPart {
  readonly name: string;
  readonly data?: Buffer;
  /** A unix mode with its type, for example 0o120777. */
  readonly mode?: number;
  readonly deflate?: boolean;
  /** What the directory claims instead of the truth. */
  readonly claimedBytes?: number;
  /** Shares the packed bytes of the part with this index. */
  readonly sameBytesAs?: number;
}

export function buildZip(parts: readonly ZipPart[]): Buffer {
  const bodies: Buffer[] = [];
  const directory: Buffer[] = [];
  const offsets: number[] = [];
  let offset = 0;
  for (const part of parts) {
    const name = Buffer.from(part.name);
    const data = part.data ?? Buffer.from('data');
    const packed = part.deflate ? deflateRawSync(data) : data;
    const fields = zipFields(part, { data, packed, name });
    const shared = part.sameBytesAs === undefined ? undefined : offsets[part.sameBytesAs];
    offsets.push(shared ?? offset);
    const central = Buffer.concat([Buffer.from([0x50, 0x4b, 1, 2, 20, 3]), fields, Buffer.alloc(14), name]);
    central.writeUInt32LE(((part.mode ?? 0o100644) << 16) >>> 0, 38);
    central.writeUInt32LE(shared ?? offset, 42);
    directory.push(central);
    if (shared !== undefined) continue;
    const local = Buffer.concat([Buffer.from([0x50, 0x4b, 3, 4]), fields, name, packed]);
    bodies.push(local);
    offset += local.length;
  }
  const size = directory.reduce((sum, { length }) => sum + length, 0);
  const end = Buffer.alloc(22);
  end.write('PK\x05\x06', 'latin1');
  end.writeUInt16LE(Math.min(parts.length, 0xffff), 8);
  end.writeUInt16LE(Math.min(parts.length, 0xffff), 10);
  end.writeUInt32LE(size, 12);
  end.writeUInt32LE(offset, 16);
  return Buffer.concat([...bodies, ...directory, end]);
}

/** Version to name length and extra length: the same 26 bytes in both headers. */
function zipFields({ deflate, claimedBytes }: ZipPart, { data, packed, name }: { data: Buffer; packed: Buffer; name: Buffer }): Buffer {
  const fields = Buffer.alloc(26);
  fields.writeUInt16LE(20, 0);
  fields.writeUInt16LE(0x800, 2);
  fields.writeUInt16LE(deflate ? 8 : 0, 4);
  fields.writeUInt32LE(crc32(data), 10);
  fields.writeUInt32LE(packed.length, 14);
  fields.writeUInt32LE(claimedBytes ?? data.length, 18);
  fields.writeUInt16LE(name.length, 22);
  return fields;
}

export interface TarPart {
  readonly name: string;
  readonly data?: Buffer;
  /** '0' file, '1' hard link, '2' symbolic link, '3' and '4' devices, '5' folder, '6' FIFO, 'x' pax header */
  readonly type?: string;
  readonly linkTo?: string;
}

export function buildTgz(parts: readonly TarPart[]): Buffer {
  return gzipSync(buildTar(parts));
}

export function buildTar(parts: readonly TarPart[]): Buffer {
  return Buffer.concat([...parts.flatMap(tarPart), Buffer.alloc(1024)]);
}

function tarPart({ name, data = Buffer.from('data'), type = '0', linkTo = '' }: TarPart): Buffer[] {
  const body = type === '0' || type === 'x' ? data : Buffer.alloc(0);
  const header = Buffer.alloc(512);
  header.write(name, 0, 100);
  header.write('0000644\0', 100);
  header.write(`${body.length.toString(8).padStart(11, '0')}\0`, 124);
  header.write('00000000000\0', 136);
  header.write('        ', 148);
  header.write(type, 156);
  header.write(linkTo, 157, 100);
  header.write('ustar\x0000', 257);
  header.write(
    `${header
      .reduce((sum, byte) => sum + byte, 0)
      .toString(8)
      .padStart(6, '0')}\0 `,
    148,
  );
  return [header, body, Buffer.alloc((512 - (body.length % 512)) % 512)];
}

/** A pax header that gives the next entry another path. */
export function paxPath(path: string): TarPart {
  const rest = ` path=${path}\n`;
  const length = Buffer.byteLength(rest) + String(Buffer.byteLength(rest) + 2).length;
  return { name: 'pax', type: 'x', data: Buffer.from(`${length}${rest}`) };
}
