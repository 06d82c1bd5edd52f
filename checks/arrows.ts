/**
 * The arrows of ARCHITECTURE.md as dependency-cruiser rules. Each says why it exists and what to do, because that is what
 * whoever breaks one needs to know.
 */
interface Rule {
  readonly name: string;
  readonly severity: 'error';
  readonly comment: string;
  readonly from: object;
  readonly to: object;
}

const src = (name: string): string => `^src/${name}(/|\\.ts$)`;
const anyOf = (names: readonly string[]): string => names.map(src).join('|');

/** What each part may import of ours, beside itself. */
const MAY: Readonly<Record<string, readonly string[]>> = {
  contract: [],
  base: [],
  telemetry: ['contract', 'base'],
  egress: ['contract', 'base'],
  'model-files': ['contract', 'base'],
  db: ['base'],
  'usage-log': ['contract', 'base', 'telemetry'],
  engines: ['contract', 'base', 'telemetry', 'model-files'],
  scheduler: ['contract', 'base', 'telemetry', 'model-files', 'egress'],
  'data-plane': ['contract', 'base', 'telemetry', 'egress'],
  http: ['data-plane', 'control-plane', 'contract', 'base', 'telemetry'],
};

const WHY: Readonly<Record<string, string>> = {
  contract: 'contract/ crosses processes; if it imported ours, every process would load everything. Move the shared type here, or the code out.',
  base: 'base/ holds pure tools without domain words. What needs the domain belongs to the domain.',
  engines: 'A child starts fast and holds no secret, so it reaches neither app, http, db nor the planes. Pass it what it needs in its EngineSpec.',
  'data-plane': 'A request never waits for the control plane. Declare what you need in data-plane/ports.ts and let app/ join it.',
  scheduler: 'The scheduler decides purely and acts through launchers. Declare what you need in scheduler/ports.ts and let app/ join it.',
  http: 'http/ mounts what others made. It sees domains by their index only.',
};

const parts: readonly Rule[] = Object.entries(MAY).map(([part, may]) => ({
  name: `${part}-arrows`,
  severity: 'error',
  comment: WHY[part] ?? `${part}/ may import only: ${['itself', ...may].join(', ')}. See ARCHITECTURE.md.`,
  from: { path: src(part), pathNot: '\\.test\\.ts$|/testing(/|\\.ts$)' },
  to: { path: '^src/', pathNot: anyOf([part, ...may]) },
}));

/** Domains see each other by their indexes, and only along these arrows. */
const DOMAINS: Readonly<Record<string, readonly string[]>> = {
  identity: [],
  pricing: [],
  ledger: [],
  usage: [],
  replays: [],
  audit: [],
  jobs: [],
  upstreams: [],
  registry: ['jobs'],
  evaluation: ['registry', 'jobs'],
  deployments: ['identity', 'registry', 'jobs', 'evaluation'],
  catalogue: ['identity', 'registry', 'pricing', 'deployments'],
  entitlements: ['identity', 'catalogue', 'deployments', 'pricing'],
  billing: ['ledger', 'pricing', 'usage', 'entitlements'],
  monitoring: ['usage', 'deployments', 'evaluation', 'billing'],
  costing: ['usage', 'deployments', 'registry', 'pricing', 'monitoring'],
};
const OUTSIDE = ['contract', 'base', 'db', 'egress', 'telemetry'];

const domains: readonly Rule[] = Object.entries(DOMAINS).map(([domain, may]) => ({
  name: `${domain}-arrows`,
  severity: 'error',
  comment: `control-plane/${domain} may import, by their index: ${may.join(', ') || 'no other domain'}. What it needs of the scheduler or the gateway it declares in its ports.ts; app/ gives it.`,
  from: { path: `^src/control-plane/${domain}/`, pathNot: '\\.test\\.ts$|/testing(/|\\.ts$)' },
  to: {
    path: '^src/',
    pathNot: [
      `^src/control-plane/${domain}/`,
      ...may.map((other) => `^src/control-plane/${other}/index\\.ts$`),
      anyOf(domain === 'registry' ? [...OUTSIDE, 'model-files'] : OUTSIDE),
    ].join('|'),
  },
}));

const STAGES = ['authenticate', 'resolve', 'replay', 'admit', 'dispatch', 'meter'];
const stages: readonly Rule[] = STAGES.map((stage) => ({
  name: `stage-${stage}`,
  severity: 'error',
  comment: `A stage knows no other stage: only request-path.ts knows the order. ${stage}/ may import call.ts, ports.ts, contract, base, telemetry${['dispatch', 'meter'].includes(stage) ? ', dialects' : ''}.`,
  from: { path: `^src/data-plane/${stage}/`, pathNot: '\\.test\\.ts$' },
  to: { path: '^src/data-plane/', pathNot: `^src/data-plane/(${stage}/|call\\.ts$|ports\\.ts$${['dispatch', 'meter'].includes(stage) ? '|dialects/' : ''})` },
}));

/** Who may use which package. */
const onlyIn = (name: string, packages: string, where: string, comment: string): Rule => ({
  name,
  severity: 'error',
  comment,
  from: { path: '^src/', pathNot: `${where}|\\.test\\.ts$` },
  to: { path: `^node_modules/(${packages})/|^(${packages})$` },
});

export const forbidden: readonly Rule[] = [
  ...parts,
  ...domains,
  ...stages,
  {
    name: 'protocols-and-dialects',
    severity: 'error',
    comment: 'protocols/ and dialects/ translate; they know no stage and not each other. Pass the value in call.ts.',
    from: { path: '^src/data-plane/(protocols|dialects)/', pathNot: '\\.test\\.ts$' },
    to: { path: '^src/data-plane/', pathNot: '^src/data-plane/(protocols/|call\\.ts$)' },
  },
  {
    name: 'index-only',
    severity: 'error',
    comment: 'A domain is seen by its index.ts alone, so that the rest of it can change. Export what you need there, or ask whether you should need it.',
    from: { path: '^src/(http|app|cli)/', pathNot: '\\.test\\.ts$' },
    to: { path: '^src/control-plane/', pathNot: '^src/control-plane/[^/]+/index\\.ts$' },
  },
  {
    name: 'app-is-the-top',
    severity: 'error',
    comment: 'app/ joins everything; whoever imports it would import everything. Only cli/local may.',
    from: { path: '^src/', pathNot: '^src/(app/|cli/local/)|\\.test\\.ts$' },
    to: { path: '^src/app/' },
  },
  {
    name: 'clients-use-the-public-api',
    severity: 'error',
    comment: 'cli/remote is a client like any other: it uses the SDK. If the SDK lacks something, so do our users.',
    from: { path: '^src/cli/remote/', pathNot: '\\.test\\.ts$' },
    to: { path: '^src/', pathNot: '^src/(cli/[^/]+\\.ts$|cli/remote/|base/|contract/)' },
  },
  {
    name: 'no-cycles',
    severity: 'error',
    comment: 'Two files that import each other are one file in two places. Move what both need to a third.',
    from: { path: '^(src|sdk)/' },
    to: { circular: true },
  },
  {
    name: 'no-test-code',
    severity: 'error',
    comment: 'Product code never imports tests or test doubles.',
    from: { path: '^src/', pathNot: '\\.test\\.ts$|testing' },
    to: { path: '\\.test\\.ts$|^tests/' },
  },
  onlyIn(
    'opentelemetry-only-in-tracing',
    '@opentelemetry',
    '^src/telemetry/tracing/',
    'OpenTelemetry is loaded only where an operator collects traces: telemetry/tracing/tracing.ts imports it when it is wanted. Use its Tracing.',
  ),
  onlyIn(
    'fastify-only-in-http',
    'fastify|@fastify',
    '^src/http/|^src/control-plane/[^/]+/[a-z-]*routes\\.ts$',
    "HTTP is the edge: fastify stays in http/ and in the domains' routes.",
  ),
  onlyIn('sql-only-in-db', 'kysely', '^src/db/|^src/control-plane/[^/]+/store\\.ts$', 'SQL is in stores; drivers are in db/.'),
  onlyIn('postgres-driver-only-in-db', 'pg', '^src/db/', 'Which database it is, is for db/ to know; everybody else has Kysely.'),
  onlyIn(
    'native-engines-only-in-engines',
    'node-llama-cpp|onnxruntime-node|sharp',
    '^src/engines/|^src/model-files/convert/',
    'A native crash must take a child only, never the gateway.',
  ),
  onlyIn('tfjs-only-in-its-engine', '@tensorflow', '^src/engines/tfjs/', 'TF.js is a hundred megabytes of code; only the child that serves such a model loads it.'),
  onlyIn(
    'undici-only-where-requests-leave',
    'undici',
    '^src/data-plane/dispatch/foreign-upstream\\.ts$|^src/egress/|^src/scheduler/launchers/',
    'Outgoing requests leave through foreign-upstream.ts (other people’s servers) or egress/ (everything else), where they are bounded and checked.',
  ),
];

export const options = {
  doNotFollow: { path: 'node_modules' },
  exclude: { path: '/generated/' },
  tsPreCompilationDeps: true,
  tsConfig: { fileName: 'tsconfig.json' },
  enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'require', 'node', 'default', 'types'], extensions: ['.ts', '.mjs', '.js', '.d.ts', '.json'] },
};
