import { script } from '@bomb.sh/tab';
import { Argument, type Command } from 'commander';
import { systemClock } from '../../base/clock.ts';
import { isName } from '../../contract/names.ts';
import { openSession } from './session.ts';

const SHELLS = ['bash', 'zsh', 'fish'];
/** Who has pressed TAB waits no longer for a server. */
const NAMES_MS = 700;
const NAMES_MAX = 1_000;

const EXAMPLES = `
Examples:
  bash:  echo 'eval "$(modelyard completion bash)"' >> ~/.bashrc
  zsh:   modelyard completion zsh > "\${fpath[1]}/_modelyard"
  fish:  modelyard completion fish > ~/.config/fish/completions/modelyard.fish`;

/**
 * tab's own script for bash runs what is typed so far as a command, `$(…)` in it too, when TAB is pressed, and needs a package beside bash. This one passes
 * the words on as they are. Where nothing is known, bash completes the name of a file.
 */
const BASH = String.raw`# bash completion for modelyard
_modelyard() {
  local line
  COMPREPLY=()
  while IFS= read -r line; do
    [[ $line == :* ]] || COMPREPLY+=("${'$'}{line%%${'$'}'\t'*}")
  done < <(modelyard complete -- "${'$'}{COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
}
complete -o default -F _modelyard modelyard
`;

/** `modelyard completion SHELL` */
export function addCompletion(program: Command): void {
  program
    .command('completion')
    .description('print what makes your shell complete commands, options and names')
    .addArgument(new Argument('<shell>').choices(SHELLS))
    .addHelpText('after', EXAMPLES)
    .action((shell: string) => {
      if (shell === 'bash') process.stdout.write(BASH);
      else script(shell, 'modelyard', 'modelyard');
    });
}

/** Names on the server that the login is for; none where it can't be asked, doesn't answer at once, or says what is no name. */
export async function namesOf(kind: 'models' | 'deployments'): Promise<readonly string[]> {
  const leave = new AbortController();
  const stop = systemClock.timer(NAMES_MS, () => leave.abort());
  try {
    const { api } = await openSession({});
    const { signal } = leave;
    const { data } = await (kind === 'models' ? api.get('/api/v1/models', { signal }) : api.get('/api/v1/deployments', { signal }));
    return data
      .slice(0, NAMES_MAX)
      .map(({ name }) => name)
      .filter((name) => isName(name));
  } catch {
    return [];
  } finally {
    stop();
  }
}
