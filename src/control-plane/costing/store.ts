import type { Db, Tx } from '../../db/open.ts';
import { transact } from '../../db/open.ts';
import type { DeploymentHour, Measured, NodeHour } from './model.ts';

/** Rows in one statement: SQLite takes 32,766 values. */
const ROWS_AT_ONCE = 500;

const DEPLOYMENT_SUMS = [
  'replica_seconds',
  'measured_seconds',
  'request_core_seconds',
  'used_core_seconds',
  'workload_core_seconds',
  'request_byte_seconds',
  'used_byte_seconds',
  'workload_byte_seconds',
  'gpu_seconds',
  'stored_byte_seconds',
] as const;
const NODE_SUMS = ['up_seconds', 'core_seconds', 'byte_seconds', 'gpu_seconds'] as const;

/** Adds to what is there of the same hour: all of it or nothing. */
export function addMeasured(db: Db, { deployments, nodes }: Measured): Promise<void> {
  return transact(db, async (tx) => {
    for (let at = 0; at < deployments.length; at += ROWS_AT_ONCE) await addDeployments(tx, deployments.slice(at, at + ROWS_AT_ONCE));
    for (let at = 0; at < nodes.length; at += ROWS_AT_ONCE) await addNodes(tx, nodes.slice(at, at + ROWS_AT_ONCE));
  });
}

async function addDeployments(tx: Tx, rows: readonly DeploymentHour[]): Promise<void> {
  await tx
    .insertInto('cost_deployment_hours')
    .values(
      rows.map((row) => ({
        hour: row.hour,
        deployment: row.deployment,
        org_id: row.orgId,
        replica_seconds: row.replicaSeconds,
        measured_seconds: row.measuredSeconds,
        request_core_seconds: row.requestCoreSeconds,
        used_core_seconds: row.usedCoreSeconds,
        workload_core_seconds: row.workloadCoreSeconds,
        request_byte_seconds: row.requestByteSeconds,
        used_byte_seconds: row.usedByteSeconds,
        workload_byte_seconds: row.workloadByteSeconds,
        gpu_seconds: row.gpuSeconds,
        stored_byte_seconds: row.storedByteSeconds,
      })),
    )
    .onConflict((conflict) =>
      conflict
        .columns(['hour', 'deployment'])
        .doUpdateSet(({ eb, ref }) => Object.fromEntries(DEPLOYMENT_SUMS.map((column) => [column, eb(`cost_deployment_hours.${column}`, '+', ref(`excluded.${column}`))]))),
    )
    .execute();
}

async function addNodes(tx: Tx, rows: readonly NodeHour[]): Promise<void> {
  await tx
    .insertInto('cost_node_hours')
    .values(
      rows.map(({ hour, node, upSeconds, coreSeconds, byteSeconds, gpuSeconds }) => ({
        hour,
        node,
        up_seconds: upSeconds,
        core_seconds: coreSeconds,
        byte_seconds: byteSeconds,
        gpu_seconds: gpuSeconds,
      })),
    )
    .onConflict((conflict) =>
      conflict
        .columns(['hour', 'node'])
        .doUpdateSet(({ eb, ref }) => Object.fromEntries(NODE_SUMS.map((column) => [column, eb(`cost_node_hours.${column}`, '+', ref(`excluded.${column}`))]))),
    )
    .execute();
}

export interface Hours {
  readonly since: number;
  /** Exclusive. */
  readonly until: number;
}

/** The first and the last hour within which a server was up; undefined: none. */
export async function measuredHours(db: Db, { since, until }: Hours): Promise<{ readonly first: number; readonly last: number } | undefined> {
  const row = await db
    .selectFrom('cost_node_hours')
    .select(({ fn }) => [fn.min('hour').as('first'), fn.max('hour').as('last')])
    .where('hour', '>=', since)
    .where('hour', '<', until)
    .executeTakeFirst();
  return row === undefined || row.first === null || row.last === null ? undefined : { first: row.first, last: row.last };
}

export async function readMeasured(db: Db, { since, until }: Hours): Promise<Measured> {
  const deployments = await db.selectFrom('cost_deployment_hours').selectAll().where('hour', '>=', since).where('hour', '<', until).orderBy('hour').orderBy('deployment').execute();
  const nodes = await db.selectFrom('cost_node_hours').selectAll().where('hour', '>=', since).where('hour', '<', until).orderBy('hour').orderBy('node').execute();
  return {
    deployments: deployments.map((row) => ({
      hour: row.hour,
      deployment: row.deployment,
      orgId: row.org_id,
      replicaSeconds: row.replica_seconds,
      measuredSeconds: row.measured_seconds,
      requestCoreSeconds: row.request_core_seconds,
      usedCoreSeconds: row.used_core_seconds,
      workloadCoreSeconds: row.workload_core_seconds,
      requestByteSeconds: row.request_byte_seconds,
      usedByteSeconds: row.used_byte_seconds,
      workloadByteSeconds: row.workload_byte_seconds,
      gpuSeconds: row.gpu_seconds,
      storedByteSeconds: row.stored_byte_seconds,
    })),
    nodes: nodes.map((row) => ({
      hour: row.hour,
      node: row.node,
      upSeconds: row.up_seconds,
      coreSeconds: row.core_seconds,
      byteSeconds: row.byte_seconds,
      gpuSeconds: row.gpu_seconds,
    })),
  };
}

/** Forgets all hours before `hour`. */
export async function deleteBefore(db: Db, hour: number): Promise<void> {
  await transact(db, async (tx) => {
    await tx.deleteFrom('cost_deployment_hours').where('hour', '<', hour).execute();
    await tx.deleteFrom('cost_node_hours').where('hour', '<', hour).execute();
  });
}
