/** The environment, read once at the start: the only place that touches `process.env` for the server. */
export interface Environment {
  readonly home: string | undefined;
  readonly port: string | undefined;
  readonly logLevel: string | undefined;
  /** Seconds. */
  readonly drainDelay?: string | undefined;
  /** For children: passed on by an allow-list. */
  readonly all: Readonly<Record<string, string | undefined>>;
}

export function readEnvironment(): Environment {
  const { MODELYARD_HOME: home, MODELYARD_PORT: port, MODELYARD_LOG_LEVEL: logLevel, MODELYARD_DRAIN_DELAY: drainDelay } = process.env;
  return { home, port, logLevel, drainDelay, all: { ...process.env } };
}
