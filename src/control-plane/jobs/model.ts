export const JOB_STATES = ['running', 'done', 'failed'] as const;
export type JobState = (typeof JOB_STATES)[number];

/** What is to be done. `input` is plain JSON, for people to see. */
export interface JobOrder {
  readonly orgId: string;
  /** For example `pull`. */
  readonly kind: string;
  readonly input: unknown;
}

export interface Job extends JobOrder {
  readonly id: string;
  readonly state: JobState;
  /** One sentence for people. */
  readonly progress: string;
  /** What the work gave, plain JSON; only when `done`. */
  readonly result: unknown;
  /** Only when `failed`. */
  readonly error: JobError | undefined;
  readonly createdAt: number;
  readonly updatedAt: number;
}

export interface JobError {
  readonly code: string;
  readonly message: string;
}

export const INTERRUPTED: JobError = { code: 'interrupted', message: 'Modelyard stopped while this job was running; start it again.' };
