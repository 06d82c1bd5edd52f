import type { Command } from 'commander';
import { table } from '../terminal.ts';
import { bytesText, countText, timeText } from './format.ts';
import { remoteOptions, type Session, withSession } from './session.ts';

/** `modelyard models [NAME]` */
export function addModels(program: Command): void {
  remoteOptions(program.command('models'))
    .description('list models, or show one with its versions')
    .argument('[name]', 'one model')
    .addHelpText('after', '\nExamples:\n  modelyard models\n  modelyard models smollm2-135m-instruct --json')
    .action(withSession((session, name: string | undefined) => (name === undefined ? list(session) : show(session, name))));
}

async function list({ api, print, columns }: Session): Promise<void> {
  const { data } = await api.get('/api/v1/models');
  print(data, (models) =>
    table(
      ['NAME', 'VERSION', 'TASK', 'ENGINE', 'PARAMETERS', 'TYPE', 'SIZE', 'LICENCE'],
      models.flatMap(({ name, versions: [newest] }) => {
        if (!newest) return [];
        const { manifest } = newest;
        const bytes = manifest.files.reduce((sum, file) => sum + file.bytes, 0);
        return [[name, newest.number, manifest.task, manifest.engine, countText(manifest.weights.parameters), manifest.weights.quantization, bytesText(bytes), manifest.licence]];
      }),
      columns,
    ),
  );
}

async function show({ api, print }: Session, name: string): Promise<void> {
  const model = await api.get('/api/v1/models/{name}', { params: { name } });
  print(model, ({ labels, versions }) => {
    const lines = versions.map(({ number, digest, createdAt }) => {
      const marks = Object.entries(labels)
        .filter(([, version]) => version === number)
        .map(([label]) => `@${label}`);
      return `${name}:${number}  ${timeText(createdAt)}  ${digest.slice(0, 19)}…  ${marks.join(' ')}`.trimEnd();
    });
    const newest = versions[0]?.manifest;
    const context = newest?.weights.contextLength === undefined ? '' : `, context ${newest.weights.contextLength}`;
    const about =
      newest &&
      `${newest.weights.architecture}, ${countText(newest.weights.parameters)} parameters, ${newest.weights.quantization}${context}\n${newest.licence} · ${newest.origin}`;
    return [about, '', ...lines, '', newest?.card]
      .filter((line) => line !== undefined)
      .join('\n')
      .trimEnd();
  });
}
