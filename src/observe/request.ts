/** Who is asked to listen, and what each of them has to know of where it runs. */
import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import type { Listener } from './listener.ts';

export interface ObserveOptions {
  /** A file that is written in Prometheus' text format when the project is closed. */
  readonly metrics?: string;
  /** Those that the caller brings. */
  readonly listeners?: readonly Listener[];
}

export interface ObserverContext {
  /** Folder of psyberg.yaml. */
  readonly root: string;
  readonly environment: NodeJS.ProcessEnv;
  /** Takes what went wrong, a line each: it never fails a run. */
  readonly warn: (message: string) => void;
}

/** What listens. */
export interface ListenersAsked extends ObserveOptions {
  readonly traces: boolean;
  readonly lineage: boolean;
}

/** The file that says where lineage goes: as OpenLineage's clients look for it, and beside psyberg.yaml. */
export function lineageFile({
  environment,
  root,
}: Pick<ObserverContext, 'environment' | 'root'>): string | undefined {
  const named = environment['OPENLINEAGE_CONFIG'];
  if (named !== undefined && named !== '') return named;
  return [
    join(process.cwd(), 'openlineage.yml'),
    join(root, 'openlineage.yml'),
    join(homedir(), '.openlineage', 'openlineage.yml'),
  ].find((file) => existsSync(file));
}
