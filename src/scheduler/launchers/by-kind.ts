import type { Launcher } from '../ports.ts';

export interface Launchers {
  /** Engines of our own. */
  readonly own: Launcher;
  readonly command: Launcher;
  readonly remote: Launcher;
}

/** Each replica by the launcher of its engine's kind. */
export function launchByKind({ own, command, remote }: Launchers): Launcher {
  const all = [own, command, remote];
  return {
    launch(order) {
      const { kind } = order.engine;
      return (kind === 'command' ? command : kind === 'remote' ? remote : own).launch(order);
    },
    logs: (deployment, linesMax) => all.map((launcher) => launcher.logs(deployment, linesMax)).find((lines) => lines.length > 0) ?? [],
    close: async () => void (await Promise.all(all.map((launcher) => launcher.close()))),
  };
}
