import { readFile } from 'node:fs/promises';
import { type Static, Type } from 'typebox';
import { isMap, parseDocument } from 'yaml';
import { checker } from '../contract/check.ts';
import { Fault, invalid } from '../contract/errors.ts';
import { MarketSection } from '../control-plane/catalogue/index.ts';
import type { Config } from './config.ts';
import { CostingSection } from '../control-plane/costing/index.ts';
import { EnginesSection } from '../scheduler/launchers/command-template.ts';
import { ExposureSection } from './exposure.ts';
import { otlpOf, TelemetrySection } from './otlp.ts';
import { ALLOW_ENTRIES_MAX, parseAllow } from '../egress/allow.ts';

const FILE_BYTES_MAX = 1_048_576;

const closed = { additionalProperties: false } as const;
const FilePath = Type.String({ minLength: 1, maxLength: 4_096 });
/** `caFile`: authorities (PEM) to trust beside Node's own. `allow`: private hosts (`host:port`) and networks (CIDR) that this server may send requests to, for what an operator made. None unless told otherwise. */
const EgressSection = Type.Object({ allow: Type.Optional(Type.Array(Type.String({ maxLength: 300 }), { maxItems: ALLOW_ENTRIES_MAX })), caFile: Type.Optional(FilePath) }, closed);
/** `sync: before-answer`: an answer waits until the disk has its usage record, so that a power cut loses none; `group`, unless told otherwise: the disk follows within 5 ms or 1 MiB. */
const UsageLogSection = Type.Object({ sync: Type.Optional(Type.Enum(['group', 'before-answer'])) }, closed);
/** `freeWhenUnavailable`: calls of free plans go on, uncounted, while the database can't be asked for their quota; false unless told otherwise. */
const CreditSection = Type.Object({ freeWhenUnavailable: Type.Optional(Type.Boolean()) }, closed);
/** `maxAgeSeconds`: a gateway takes no calls by routes and keys that its database has not confirmed for longer; 86,400 unless told otherwise. */
const FeedsSection = Type.Object({ maxAgeSeconds: Type.Optional(Type.Integer({ minimum: 10, maximum: 31_536_000 })) }, closed);
/** `hf`: where the Hugging Face Hub or a mirror of it is, and a file with the token for it; huggingface.co without a token unless told otherwise. */
const HubSection = Type.Object({ endpoint: Type.Optional(Type.String({ maxLength: 300 })), tokenFile: Type.Optional(FilePath) }, closed);
const SourcesSection = Type.Object({ hf: Type.Optional(HubSection) }, closed);
/** Files that no version needs: every `everySeconds` (3,600) those go that were not needed for `graceSeconds` (86,400). */
const GarbageSection = Type.Object(
  { everySeconds: Type.Optional(Type.Integer({ minimum: 1, maximum: 2_000_000 })), graceSeconds: Type.Optional(Type.Integer({ minimum: 1, maximum: 31_536_000 })) },
  closed,
);
/** `tritonCompatible`: the Open Inference Protocol answers with the words that NVIDIA's own clients and examples look for: the server is named "triton"; false unless told otherwise. */
const OipSection = Type.Object({ tritonCompatible: Type.Optional(Type.Boolean()) }, closed);
/** The operator's own file, `modelyard.yaml` in the home. Every section may be left out; what it then means is said at the section. A key that nobody knows is refused. */
const ConfigFileSchema = Type.Object(
  {
    costing: Type.Optional(CostingSection),
    market: Type.Optional(MarketSection),
    egress: Type.Optional(EgressSection),
    exposure: Type.Optional(ExposureSection),
    usageLog: Type.Optional(UsageLogSection),
    credit: Type.Optional(CreditSection),
    feeds: Type.Optional(FeedsSection),
    engines: Type.Optional(EnginesSection),
    sources: Type.Optional(SourcesSection),
    garbage: Type.Optional(GarbageSection),
    oip: Type.Optional(OipSection),
    telemetry: Type.Optional(TelemetrySection),
  },
  closed,
);

export type ConfigFile = Static<typeof ConfigFileSchema>;

const check = checker(ConfigFileSchema);

/** What of the file every process with a gateway goes by. */
export function gatewaySettings({
  usageLog,
  credit,
  oip,
  telemetry,
  feeds,
}: ConfigFile): Partial<Pick<Config, 'usageLogSync' | 'freeWhenUnavailable' | 'asTriton' | 'otlp' | 'feedsAgeMsMax'>> {
  return {
    ...(telemetry?.otlp && { otlp: otlpOf(telemetry.otlp) }),
    ...(oip?.tritonCompatible !== undefined && { asTriton: oip.tritonCompatible }),
    ...(usageLog?.sync !== undefined && { usageLogSync: usageLog.sync }),
    ...(credit?.freeWhenUnavailable !== undefined && { freeWhenUnavailable: credit.freeWhenUnavailable }),
    ...(feeds?.maxAgeSeconds !== undefined && { feedsAgeMsMax: feeds.maxAgeSeconds * 1_000 }),
  };
}

/** How garbage is collected. Milliseconds. */
export function garbageSettings({ garbage = {} }: ConfigFile): { readonly everyMs: number; readonly graceMs: number } {
  const { graceSeconds = 86_400, everySeconds = Math.min(3_600, graceSeconds) } = garbage;
  return { everyMs: everySeconds * 1_000, graceMs: graceSeconds * 1_000 };
}

/** Reads the operator's file; one that is not there is an empty one. @throws Fault that names the file and what in it is not accepted */
export async function readConfigFile(path: string): Promise<ConfigFile> {
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return '';
    throw error;
  });
  try {
    return parseConfigFile(text);
  } catch (error) {
    throw error instanceof Fault ? invalid(`${path}: ${error.message}`, error.param) : error;
  }
}

/** @throws Fault that says where the text is not YAML, or which key or value is not accepted */
export function parseConfigFile(text: string): ConfigFile {
  if (text.length > FILE_BYTES_MAX) throw invalid(`The file is longer than ${FILE_BYTES_MAX} characters.`);
  const document = parseDocument(text, { prettyErrors: true });
  const [problem] = document.errors;
  if (problem) throw invalid(problem.message);
  if (document.contents === null) return check({});
  if (!isMap(document.contents)) throw invalid('The file must be a map of sections.');
  const file = check(document.toJS({ maxAliasCount: 100 }) as unknown);
  gatewaySettings(file);
  parseAllow(file.egress?.allow ?? []);
  checkHub(file.sources?.hf?.endpoint);
  const { everyMs, graceMs } = garbageSettings(file);
  if (everyMs > graceMs) throw invalid('garbage.everySeconds must be at most garbage.graceSeconds, so that nothing stays for two graces.', 'garbage.everySeconds');
  return file;
}

function checkHub(endpoint: string | undefined): void {
  if (endpoint === undefined) return;
  const url = URL.parse(endpoint);
  if (url?.protocol !== 'https:' || url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '')
    throw invalid(`"${endpoint}" in sources.hf.endpoint is not accepted; write https://HOST or https://HOST/PATH.`, 'sources.hf.endpoint');
}
