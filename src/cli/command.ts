import type { Command } from 'commander';

/** A command of the CLI: `main.ts` knows name and summary, and loads the rest when it is called. */
export type AddCommand = (program: Command) => void;

/** Documented in docs/guides/cli.md. */
export const EXIT = { ok: 0, failed: 1, usage: 2, unreachable: 3, refused: 4, notFound: 5 } as const;
