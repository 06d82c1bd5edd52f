import { Fault, invalid } from '../../contract/errors.ts';

export const modelNotFound = (name: string) => new Fault('not_found', 'model_not_found', `There is no model "${name.slice(0, 160)}".`);
export const labelNotVersion = (text: string) => invalid(`"${text}" names a label; to remove something name a version, for example acme/ocr:2, or the whole model.`, 'name');
export const versionNotFound = (name: string, version: string | number) => new Fault('not_found', 'version_not_found', `"${name}" has no version "${version}".`);
export const notYourName = (name: string, org: string) =>
  new Fault(
    'permission_denied',
    'name_not_yours',
    `"${name}" is not a name of your organisation's (${org}); an organisation's names start with its own name and "/", the platform's are short.`,
  );
export const badName = (name: string, rule: string) => invalid(`"${name.slice(0, 160)}" is not a model name: ${rule}.`, 'name');
export const badDigest = () => invalid('A digest is "sha256:" and 64 lower-case hex digits.', 'digest');
export const digestMismatch = (wanted: string, actual: string) =>
  new Fault('invalid_argument', 'digest_mismatch', `The bytes have the digest ${actual}, not ${wanted}; nothing was stored.`);
export const blobMissing = (digest: string) => new Fault('conflict', 'blob_missing', `The blob ${digest} was not uploaded; upload it first.`);
export const blobTooLarge = (bytesMax: number) => new Fault('payload_too_large', 'blob_too_large', `A file may have at most ${bytesMax} bytes.`);
export const uploadBusy = () => new Fault('conflict', 'upload_busy', 'Another request is sending a part of this upload just now; ask how much has arrived, and go on from there.');
export const tooManyUploads = (max: number) =>
  new Fault('rate_limited', 'too_many_uploads', `This organisation has ${max} uploads that are not whole; go on with one of them, or wait until they expire.`);
export const wrongOffset = (have: number) => new Fault('conflict', 'wrong_offset', `This upload has ${have} bytes; continue at offset ${have}.`);
export const diskFull = () => new Fault('insufficient_storage', 'disk_full', 'There is no room on the disk of the home folder; free some or choose another with --home.');
export const inUse = (name: string) => new Fault('conflict', 'model_in_use', `"${name}" is deployed; undeploy it first.`);
export const operatorsOnly = () => new Fault('permission_denied', 'operators_only', 'Package sources are for operators only; upload files instead.');
export const packagesOnly = (field: string) => invalid(`"${field}" is for packages (pypi:, npm:) only.`, field);
export const filesOnly = (field: string) => invalid(`"${field}" is for hf: and https: only.`, field);
export const pullBusy = (source: string) => new Fault('conflict', 'pull_busy', `${source} is being downloaded by another job just now; wait for that one.`);
export const digestUnknown = (source: string) =>
  invalid(
    `Nobody says what ${source} must be: add #sha256=DIGEST, or ask to have the digest of what comes recorded ("recordDigest", --record-digest).`,
    'source',
    'digest_unknown',
  );
export const hubDisagrees = (source: string, digest: string) =>
  new Fault('invalid_argument', 'digest_mismatch', `${source}: the Hub says that this file has the digest ${digest}.`);
export const sourceRefused = (source: string, why: string) => new Fault('bad_upstream', 'source_refused', `${source} can't be downloaded: ${why}.`);
export const tooMuchCame = (source: string, bytesMax: number) =>
  new Fault('bad_upstream', 'too_many_bytes', `${source}: more than the ${bytesMax} bytes that were announced came.`);
export const badArchive = (why: string, cause?: unknown) => new Fault('invalid_argument', 'bad_archive', `The archive is refused: ${why}.`, { cause });
export const noWeights = (source: string) => invalid(`${source} has no .gguf or .onnx file; name the files in "entries".`, 'entries', 'no_weights');
export const severalWeights = (source: string, names: readonly string[]) =>
  invalid(`${source} has ${names.length} weights files (${names.slice(0, 5).join(', ')}${names.length > 5 ? ', …' : ''}); name one in "entries".`, 'entries', 'several_weights');
export const starterNotFound = (name: string) => new Fault('not_found', 'starter_not_found', `There is no starter "${name.slice(0, 160)}".`);
/** With one source, its own fault; with several, all their sentences. */
export const sourcesFailed = (name: string, faults: readonly Fault[]) =>
  faults[0] && faults.length === 1
    ? faults[0]
    : new Fault(faults[0]?.kind ?? 'unavailable', 'no_source', `"${name}" could not be had from any of its sources: ${faults.map(({ message }) => message).join(' ')}`, {
        cause: faults[0],
      });
