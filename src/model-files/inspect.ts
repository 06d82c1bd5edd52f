import { invalid } from '../contract/errors.ts';
import type { EngineKind, Task } from '../contract/manifest.ts';
import { withFile, type ByteSource } from './byte-source.ts';
import type { InspectedFile, Inspection } from './inspection.ts';
import { firstBytes, refuseDangerous, sniff, unsupported } from './sniff.ts';
import { isTfjsModel, readTfjsFolder } from './tfjs/index.ts';
import { inHeaderThread } from './thread.ts';
import { readWeightsFrom, type ReadResult } from './weights.ts';

/** Refused by name as well: whoever publishes these means a format that runs code. */
const REFUSED_NAME = /\.(pkl|pickle|pt|pth|ckpt|keras|h5|hdf5|nemo|joblib|npy|npz|mar|so|dll|dylib|py)$/i;
const EMBEDDING_ARCHITECTURES = /^(bert|modern-bert|nomic-bert|nomic-bert-moe|neo-bert|jina-bert-v2|jina-bert-v3|eurobert|gemma-embedding|t5encoder)$/;
/** GGUF files that go beside a model and serve nothing alone. */
const AUXILIARY_ARCHITECTURES = /^(clip|mmproj|adapter|wavtokenizer-dec)$/;

type Found = ReadResult & { readonly path: string };

/** What a version of these files is: exactly one model, the others are plain text (labels, licence, card). @throws Fault when refused */
export async function inspectFiles(files: readonly InspectedFile[]): Promise<Inspection> {
  return (await inHeaderThread({ type: 'inspect', files })) as Inspection;
}

/** The same in this thread, which it may keep busy for seconds. */
export function inspectHere(files: readonly InspectedFile[]): Inspection {
  for (const { path } of files) if (REFUSED_NAME.test(path)) throw unsupported(`'${path}' has the name of a format that can run code`);
  const found: Found[] = [];
  const rest: InspectedFile[] = [];
  const shards = new Set<string>();
  for (const file of files) {
    const folder = withFile(file.absolutePath, (source) => (isTfjsModel(source) ? readTfjsFolder(source, files) : undefined));
    for (const shard of folder?.shards ?? []) shards.add(shard);
    if (folder) found.push({ weights: folder.weights, pools: false, path: file.path });
    else rest.push(file);
  }
  for (const { path, absolutePath } of rest) {
    const result = shards.has(path) ? undefined : withFile(absolutePath, (source) => readOther(source, path));
    if (result) found.push({ ...result, path });
  }
  const [weights, second] = found;
  if (!weights) throw unsupported('list has no weights');
  if (second) throw invalid(`'${weights.path}' and '${second.path}' both hold weights; a version has exactly one weights file.`, 'files');
  return { ...choose(weights), weights: weights.weights, weightsPath: weights.path };
}

function readOther(source: ByteSource, path: string): ReadResult | undefined {
  const head = firstBytes(source);
  refuseDangerous(head);
  if (sniff(head)) return readWeightsFrom(source);
  if (head.includes(0)) throw unsupported(`'${path}' is neither weights nor text`);
  return undefined;
}

function choose({ weights, pools, path }: Found): { readonly engine: EngineKind; readonly task: Task } {
  switch (weights.format) {
    case 'onnx':
    case 'tfjs':
      return { engine: weights.format, task: 'tensor' };
    case 'gguf':
      if (AUXILIARY_ARCHITECTURES.test(weights.architecture)) throw invalid(`'${path}' has the architecture ${weights.architecture}, which cannot be served alone.`, 'files');
      return { engine: 'llama', task: pools || EMBEDDING_ARCHITECTURES.test(weights.architecture) ? 'embedding' : 'chat' };
    default:
      throw invalid(`'${path}' is ${weights.format}, which no engine serves directly. Convert it to GGUF, ONNX or TF.js first.`, 'files');
  }
}
