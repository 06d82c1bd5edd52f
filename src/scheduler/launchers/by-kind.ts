import type { Launcher } from '../ports.ts';

export interface Launchers {
  /** Engines of our own. */
  readonly own: Launcher;
  readonly command: Launcher;
  readonly remote: Launcher;
}

/** Each replica by the launcher of its engine's kind. */
export function launchByKind({ own, command, remote }: Launchers): Launcher {
  /** Who has launched a deployment's newest replica: as many as there are deployments. */
  const newest = new Map<string, Launcher>();
  return {
    launch(order) {
      const { kind } = order.engine;
      const launcher = kind === 'command' ? command : kind === 'remote' ? remote : own;
      newest.set(order.deployment, launcher);
      return launcher.launch(order);
    },
    logs: (deployment, linesMax) => newest.get(deployment)?.logs(deployment, linesMax) ?? [],
    close: async () => void (await Promise.all([own, command, remote].map((launcher) => launcher.close()))),
  };
}
