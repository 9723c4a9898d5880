/**
 * Reads the run of which a session is a part, as an orchestrator names it: `OPENLINEAGE_PARENT_ID`, and
 * `OPENLINEAGE_ROOT_PARENT_ID` for the outermost one, each `namespace/job/run`. Environment -> facet. Pure.
 */
import { type Facet, facet } from './facets.ts';

interface ParentRun {
  readonly run: { readonly runId: string };
  readonly job: { readonly namespace: string; readonly name: string };
}

/** Undefined if it is not given, or not in that form. */
export function parentOf(environment: NodeJS.ProcessEnv): Facet | undefined {
  const parent = parentRun(environment['OPENLINEAGE_PARENT_ID']);
  if (parent === undefined) return undefined;
  const root = parentRun(environment['OPENLINEAGE_ROOT_PARENT_ID']);
  return facet('ParentRunFacet', { ...parent, ...(root === undefined ? {} : { root }) });
}

/** The namespace itself may contain slashes. */
function parentRun(text = ''): ParentRun | undefined {
  const [, namespace, name, runId] =
    /^(.+)\/([^/]+)\/([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})$/i.exec(text) ?? [];
  if (namespace === undefined || name === undefined || runId === undefined) return undefined;
  return { run: { runId }, job: { namespace, name } };
}
