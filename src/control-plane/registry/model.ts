import { createHash } from 'node:crypto';
import type { Manifest } from '../../contract/manifest.ts';

/** A published version: immutable. */
export interface ModelVersion {
  readonly model: string;
  readonly number: number;
  /** sha256 of the manifest's canonical JSON. */
  readonly digest: string;
  readonly manifest: Manifest;
  readonly createdAt: number;
}

export interface Model {
  readonly name: string;
  readonly orgId: string;
  readonly createdAt: number;
  readonly labels: Readonly<Record<string, number>>;
  /** Newest first. */
  readonly versions: readonly ModelVersion[];
}

/** `name`, `name:3` or `name@stable`, as the control API takes it. */
export interface ModelSelector {
  readonly name: string;
  readonly version: number | undefined;
  readonly label: string | undefined;
}

export const LABEL_PATTERN = '^[a-z][a-z0-9-]{0,31}$';

export function parseSelector(text: string): ModelSelector {
  const match = /^([^:@]+)(?::([1-9]\d{0,8})|@([a-z][a-z0-9-]{0,31}))?$/.exec(text);
  return { name: match?.[1] ?? text, version: match?.[2] === undefined ? undefined : Number(match[2]), label: match?.[3] };
}

/** JSON with sorted keys, so that equal manifests have equal digests. */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null';
  const entries = Object.entries(value).filter(([, field]) => field !== undefined);
  return `{${entries
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, field]) => `${JSON.stringify(key)}:${canonicalJson(field)}`)
    .join(',')}}`;
}

export function manifestDigest(manifest: Manifest): string {
  return `sha256:${createHash('sha256').update(canonicalJson(manifest)).digest('hex')}`;
}
