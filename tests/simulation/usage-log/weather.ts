/** What goes wrong in one world, and how often: chances per operation, or per step of the script. */
export interface Weather {
  /** Operations of the disk that take time. */
  slowDisk: number;
  writeFails: number;
  syncFails: number;
  createFails: number;
  removeFails: number;
  readFails: number;
  /** The disk fills up, and has room again. */
  diskFills: number;
  /** A crash in the middle of some later operation of the disk. */
  crashAtOperation: number;
  kill: number;
  powerCut: number;
  stop: number;
  posterRestart: number;
  /** The database goes, and comes back. */
  databaseGoes: number;
  slowDatabase: number;
  /** A transaction that is rolled back: somebody else held the lock. */
  busy: number;
  /** It commits, and nobody is told. */
  answerLost: number;
  /** It commits after its caller was told that it failed. */
  commitsLate: number;
}

const CHANCES: Weather = {
  slowDisk: 0.5,
  writeFails: 0.1,
  syncFails: 0.2,
  createFails: 0.3,
  removeFails: 0.3,
  readFails: 0.2,
  diskFills: 0.06,
  crashAtOperation: 0.08,
  kill: 0.05,
  powerCut: 0.05,
  stop: 0.04,
  posterRestart: 0.05,
  databaseGoes: 0.06,
  slowDatabase: 0.5,
  busy: 0.2,
  answerLost: 0.2,
  commitsLate: 0.2,
};

/** Each world has some of the faults only: where all are always on, the first hides the others. */
export function weatherOf(random: () => number): Weather {
  const share = random();
  return mapped((chance) => (random() < share ? chance * 2 * random() : 0));
}

export const CALM: Weather = mapped(() => 0);

function mapped(change: (chance: number) => number): Weather {
  return Object.fromEntries(Object.entries(CHANCES).map(([name, chance]) => [name, change(chance as number)])) as unknown as Weather;
}
