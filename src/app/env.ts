/** The environment, read once at the start: the only place that touches `process.env` for the server. */
export interface Environment {
  readonly home: string | undefined;
  readonly port: string | undefined;
  readonly logLevel: string | undefined;
  /** Seconds. */
  readonly drainDelay?: string | undefined;
  /** Bytes, with K, M or G: memory for all engines together. */
  readonly memoryLimit?: string | undefined;
  /** A PostgreSQL database in the place of the home's own file. */
  readonly databaseUrl?: string | undefined;
  /** For children: passed on by an allow-list. */
  readonly all: Readonly<Record<string, string | undefined>>;
}

export function readEnvironment(): Environment {
  const {
    MODELYARD_HOME: home,
    MODELYARD_PORT: port,
    MODELYARD_LOG_LEVEL: logLevel,
    MODELYARD_DRAIN_DELAY: drainDelay,
    MODELYARD_MEMORY_LIMIT: memoryLimit,
    DATABASE_URL: databaseUrl,
  } = process.env;
  return { home, port, logLevel, drainDelay, memoryLimit, databaseUrl, all: { ...process.env } };
}
