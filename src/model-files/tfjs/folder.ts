import type { WeightsInfo } from '../../contract/manifest.ts';
import { withFile, type ByteSource } from '../byte-source.ts';
import type { InspectedFile } from '../inspection.ts';
import { refuseDangerousNumbers } from '../sniff.ts';
import { readTfjs } from './model-json.ts';
import { checkShards } from './weights-manifest.ts';

export interface TfjsFolder {
  readonly weights: WeightsInfo;
  /** The files that hold weights. */
  readonly shards: readonly string[];
}

/** A model.json and the files beside it. @throws Fault also when a file is missing, or has other bytes than its weights need */
export function readTfjsFolder(modelJson: ByteSource, files: readonly InspectedFile[]): TfjsFolder {
  const { weights, groups } = readTfjs(modelJson);
  const paths = new Map(files.map(({ path, absolutePath }) => [path, absolutePath]));
  checkShards(groups, (path) => {
    const absolutePath = paths.get(path);
    return absolutePath === undefined ? undefined : withFile(absolutePath, ({ size }) => size);
  });
  const shards = groups.flatMap((group) => group.paths);
  for (const path of shards) withFile(paths.get(path) ?? '', refuseDangerousNumbers);
  return { weights, shards };
}
