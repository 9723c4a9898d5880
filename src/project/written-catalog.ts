/** Defines the catalog's keys as psyberg.yaml has them. Values only. */
import type { AccessDelegation, StorageChain } from '../model/process-spec.ts';
import type { ReportProblem } from './problems.ts';
import type { YamlText } from './yaml-text.ts';

export interface Reading {
  /** As written, even if a value is of a wrong type. */
  readonly catalog: Readonly<Record<string, unknown>>;
  readonly yaml: YamlText;
  readonly root: string;
  readonly environment: NodeJS.ProcessEnv;
  readonly report: ReportProblem;
}
/** The catalog's keys as written, with environment variables replaced by their values. */
export interface Written {
  readonly [key: string]: unknown;
  readonly warehouse?: string | undefined;
  readonly database?: string | undefined;
  readonly state?: string | undefined;
  readonly uri?: string | undefined;
  readonly storage?: Readonly<Record<string, string>> | undefined;
  readonly storageChain?: StorageChain | undefined;
  readonly access_delegation?: AccessDelegation | undefined;
}
