import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Attempt, Run, UsageRow } from './evidence.ts';

/** The whole lines of a file of JSON lines; what a kill has torn at the end is no line. */
function jsonLines(file: string): Record<string, unknown>[] {
  if (!existsSync(file)) return [];
  const lines = readFileSync(file, 'utf8').split('\n');
  lines.pop();
  return lines.flatMap((line) => {
    try {
      return [JSON.parse(line) as Record<string, unknown>];
    } catch {
      return [];
    }
  });
}

/** An engine writes `begin` when it takes a call and `end` when it is done with it; one id may be asked for more than once. */
export function readTruth(file: string): Run[] {
  const runs: { id: string; tag: string; end: Run['end'] }[] = [];
  for (const line of jsonLines(file)) {
    const id = String(line.id);
    if (line.event === 'begin') runs.push({ id, tag: String(line.tag), end: undefined });
    const open = runs.findLast((run) => run.id === id && run.end === undefined);
    if (line.event === 'end' && open) open.end = { whole: line.whole === true, promptTokens: Number(line.promptTokens), completionTokens: Number(line.completionTokens) };
  }
  return runs;
}

export function readClients(file: string): Attempt[] {
  return jsonLines(file) as unknown as Attempt[];
}

/** What is left in the folders of usage logs: lines of a comma and a list, whose first value is a checksum and the others the record's. */
export function readSegments(folders: readonly string[]): UsageRow[] {
  const files = folders.filter((folder) => existsSync(folder)).flatMap((folder) => readdirSync(folder).map((name) => join(folder, name)));
  return files.flatMap((file) =>
    readFileSync(file, 'utf8')
      .split('\n')
      .flatMap((line) => recordOf(line) ?? []),
  );
}

function recordOf(line: string): UsageRow | undefined {
  try {
    if (!line.startsWith(',[')) return undefined;
    const [, ...values] = JSON.parse(line.slice(1)) as unknown[];
    const at = (place: number): number => Number(values[place]);
    return {
      id: String(values[0]),
      startedAt: at(1),
      orgId: String(values[2]),
      keyId: String(values[3]),
      deployment: String(values[4]),
      status: String(values[9]),
      promptTokens: at(11),
      cachedTokens: at(12),
      completionTokens: at(13),
      rows: at(14),
      requestBytes: at(15),
      responseBytes: at(16),
      durationMs: at(19),
      queueMs: (values[20] as { queue?: number }).queue,
      subscription: String(values[21] ?? ''),
      priceVersion: String(values[22] ?? ''),
      lease: String(values[23] ?? ''),
    };
  } catch {
    return undefined;
  }
}
