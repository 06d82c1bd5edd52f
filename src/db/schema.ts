/** Every table, one interface each. Times are milliseconds since 1970, JSON columns are text; the owner is in its domain's README. */
export interface Schema {
  organisations: { id: string; name: string; created_at: number };
  members: { id: string; org_id: string; name: string; role: string; created_at: number };
  keys: {
    id: string;
    org_id: string;
    name: string;
    hash: string;
    prefix: string;
    last4: string;
    scopes: string;
    allowed_models: string | null;
    limits: string;
    created_at: number;
    expires_at: number | null;
    revoked_at: number | null;
    replaced_by: string | null;
  };
  blob_holders: { org_id: string; digest: string; created_at: number };
  models: { name: string; org_id: string; created_at: number };
  model_versions: { model: string; number: number; digest: string; manifest: string; created_at: number };
  labels: { model: string; label: string; version: number };
  deployments: { name: string; org_id: string; model: string; created_at: number; updated_at: number };
  revisions: {
    id: string;
    deployment: string;
    model: string;
    version: number;
    digest: string;
    resources: string;
    weight: number;
    created_at: number;
  };
  usage: {
    request_id: string;
    started_at: number;
    org_id: string;
    key_id: string;
    deployment: string;
    revision: string;
    model: string;
    version: number;
    operation: string;
    status: string;
    http_status: number;
    prompt_tokens: number;
    cached_tokens: number;
    completion_tokens: number;
    tensor_rows: number;
    request_bytes: number;
    response_bytes: number;
    estimated: number;
    attempts: number;
    duration_ms: number;
    stages: string;
  };
  evaluations: {
    id: string;
    org_id: string;
    model: string;
    task: string;
    digest: string;
    examples_digest: string;
    report: string;
    correct: string | null;
    created_at: number;
    run_id: string | null;
    run: string | null;
    scores: string | null;
  };
  datasets: { org_id: string; digest: string; format: string; content: string; examples: number; bytes: number; used_at: number };
  evaluation_answers: { run_id: string; example: number; answer: string; created_at: number };
  events: {
    seq: number;
    at: number;
    org_id: string;
    deployment: string;
    revision: string;
    replica: string;
    node: string;
    state: string;
    reason: string;
  };
  jobs: {
    id: string;
    org_id: string;
    kind: string;
    state: string;
    input: string;
    progress: string;
    result: string | null;
    error: string | null;
    created_at: number;
    updated_at: number;
  };
}
