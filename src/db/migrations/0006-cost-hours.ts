import { inStatements } from './statements.ts';

/** What deployments held and used, and what nodes had, by hour. `hour` is its begin, milliseconds since 1970. */
const STATEMENTS = [
  `CREATE TABLE cost_deployment_hours (hour BIGINT NOT NULL, deployment TEXT NOT NULL, org_id TEXT NOT NULL,
     replica_seconds DOUBLE PRECISION NOT NULL, measured_seconds DOUBLE PRECISION NOT NULL,
     request_core_seconds DOUBLE PRECISION NOT NULL, used_core_seconds DOUBLE PRECISION NOT NULL, workload_core_seconds DOUBLE PRECISION NOT NULL,
     request_byte_seconds DOUBLE PRECISION NOT NULL, used_byte_seconds DOUBLE PRECISION NOT NULL, workload_byte_seconds DOUBLE PRECISION NOT NULL,
     gpu_seconds DOUBLE PRECISION NOT NULL, stored_byte_seconds DOUBLE PRECISION NOT NULL, PRIMARY KEY (hour, deployment))`,
  `CREATE TABLE cost_node_hours (hour BIGINT NOT NULL, node TEXT NOT NULL, up_seconds DOUBLE PRECISION NOT NULL, core_seconds DOUBLE PRECISION NOT NULL,
     byte_seconds DOUBLE PRECISION NOT NULL, gpu_seconds DOUBLE PRECISION NOT NULL, PRIMARY KEY (hour, node))`,
];

export const costHours = inStatements(STATEMENTS);
