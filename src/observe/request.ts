/** Declares which listeners were asked for, and what they have to know about their surroundings. */
import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import type { Listener } from './listener.ts';

export interface ObserveOptions {
  /** The file that is written in Prometheus' text format when the project is closed. */
  readonly metrics?: string;
  /** Additional listeners of the caller. */
  readonly listeners?: readonly Listener[];
}

export interface ObserverContext {
  /** Folder of psyberg.yaml. */
  readonly root: string;
  readonly environment: NodeJS.ProcessEnv;
  /** Takes what went wrong, one line each, since that never fails a run. */
  readonly warn: (message: string) => void;
}

/** All listeners that were asked for. */
export interface ListenersAsked extends ObserveOptions {
  readonly traces: boolean;
  readonly lineage: boolean;
}

/**
 * The file that tells where lineage is sent: looked for like OpenLineage's clients do, and beside
 * psyberg.yaml.
 */
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
