import { Fault } from '../contract/errors.ts';
import type { ByteSource } from './byte-source.ts';
import { GGUF_MAGIC } from './gguf.ts';

type WeightsFormat = 'gguf' | 'onnx' | 'safetensors';

/** Enough for every magic number below; tar has its own at 257. */
const SNIFF_BYTES = 512;

const PICKLES = ['\x80\x01', '\x80\x02', '\x80\x03', '\x80\x04', '\x80\x05', '(dp', '(lp', '(i'];

/** What first bytes mean a format that can carry code, or isn't one of ours. */
const REFUSED: readonly { readonly what: string; readonly beginnings: readonly string[] }[] = [
  { what: 'a Python pickle', beginnings: PICKLES },
  { what: 'a ZIP archive (PyTorch, Keras or NumPy keep pickles in these)', beginnings: ['PK\x03\x04', 'PK\x05\x06', 'PK\x07\x08'] },
  { what: 'HDF5 (Keras .h5)', beginnings: ['\x89HDF'] },
  { what: 'a NumPy array', beginnings: ['\x93NUMPY'] },
  { what: 'compressed data', beginnings: ['\x1f\x8b', '\xfd7zXZ', 'BZh', '\x28\xb5\x2f\xfd', '\x78\x01', '\x78\x5e', '\x78\x9c', '\x78\xda'] },
  { what: 'an executable', beginnings: ['\x7fELF', 'MZ', '\xcf\xfa\xed\xfe', '\xca\xfe\xba\xbe', '#!'] },
  { what: 'an older ggml file', beginnings: ['lmgg', 'tjgg', 'fmgg'] },
];
/** A pickle of protocol 0 begins with text: the opcode c, a module, a name. */
const TEXT_PICKLE = /^c[A-Za-z_][\w.]*\n[A-Za-z_]\w*\n/;
const TAR_MAGIC_AT = 257;
/** Beginnings of this length don't occur by chance. */
const CERTAIN_BYTES = 4;
const PICKLE_STOP = '.';

/** The first bytes of a source. */
export function firstBytes(source: ByteSource): Buffer {
  const bytes = Buffer.alloc(Math.min(SNIFF_BYTES, source.size));
  return bytes.subarray(0, source.read(0, bytes));
}

/** Refuses what is always refused, whatever it is called (X20). */
export function refuseDangerous(head: Buffer): void {
  const text = head.toString('latin1');
  for (const { what, beginnings } of REFUSED) if (beginnings.some((beginning) => text.startsWith(beginning))) throw unsupported(`is ${what}`);
  if (TEXT_PICKLE.test(text)) throw unsupported('is a Python pickle');
  if (text.startsWith('ustar', TAR_MAGIC_AT)) throw unsupported('is a tar archive (NeMo)');
}

/**
 * The same for a file of bare numbers, whose size is already known to be that of declared weights. Numbers may begin with any two
 * bytes, so only longer beginnings count here, and a pickle's two with the byte that ends every pickle.
 */
export function refuseDangerousNumbers(source: ByteSource): void {
  const text = firstBytes(source).toString('latin1');
  for (const { what, beginnings } of REFUSED) if (beginnings.some((beginning) => beginning.length >= CERTAIN_BYTES && text.startsWith(beginning))) throw unsupported(`is ${what}`);
  const last = Buffer.alloc(1);
  source.read(source.size - 1, last);
  if (last.toString('latin1') === PICKLE_STOP && (PICKLES.some((beginning) => text.startsWith(beginning)) || TEXT_PICKLE.test(text))) throw unsupported('is a Python pickle');
}

/** The weights' format by their first bytes; undefined when they are no weights that we know. Never looks at a name. */
export function sniff(head: Buffer): WeightsFormat | undefined {
  const text = head.toString('latin1');
  if (text.startsWith(GGUF_MAGIC)) return 'gguf';
  // Eight bytes of length, then JSON; the length's upper bytes are zero for any header that we accept.
  if (head.length > 8 && head[8] === 0x7b && head.readUInt32LE(4) === 0) return 'safetensors';
  // ONNX has no magic number; a writer puts ir_version (field 1) first, a small number.
  if (head[0] === 0x08 && (head[1] ?? 0) > 0 && (head[1] ?? 0) < 0x80) return 'onnx';
  return undefined;
}

export function unsupported(what: string): Fault {
  return new Fault('invalid_argument', 'unsupported_format', `The file ${what}. Weights are accepted as GGUF, ONNX, TF.js or safetensors.`);
}
