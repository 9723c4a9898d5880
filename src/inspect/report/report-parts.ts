/** Lets parts of a report fail alone: what cannot be read is named, and the rest is still made. */
import { unexpected } from '../../model/errors.ts';
import { type TableIdentifier, tableKey } from '../../model/names.ts';
import { shownError } from '../../model/storage-faults.ts';
import type { UnreadPart } from '../../report/page/report-document.ts';
import type { Workspace } from '../../workspace/open-workspace.ts';

export interface ReportParts {
  readonly problems: readonly UnreadPart[];
  /** Returns what `work` gives, or `otherwise` and keeps the error. Ctrl-C is not caught. */
  attempt<T>(subject: string, work: () => Promise<T>, otherwise: T): Promise<T>;
  /** Adds a problem that was found elsewhere. */
  note(problem: UnreadPart): void;
}

/** Collects problems; the same failure is listed once, under the first part that met it. */
export function reportParts(): ReportParts {
  const problems: UnreadPart[] = [];
  const note = (problem: UnreadPart): void => {
    const isTold = problems.some(
      ({ error }) => error.code === problem.error.code && error.message === problem.error.message,
    );
    if (!isTold) problems.push(problem);
  };
  return {
    problems,
    note,
    async attempt(subject, work, otherwise) {
      try {
        return await work();
      } catch (error) {
        const known = unexpected(shownError(error));
        if (known.kind === 'interrupted') throw known;
        note({ subject, error: known.toJSON() });
        return otherwise;
      }
    },
  };
}

type Client = Workspace['client'];
type Loaded = ReturnType<Client['loadTable']>;

/** The workspace with each table loaded only once, so that all parts of a report see the same state of it. */
export function readingOnce(workspace: Workspace): Workspace {
  const loaded = new Map<string, Loaded>();
  const once = (id: TableIdentifier): Loaded => {
    const key = tableKey(id);
    const asked = loaded.get(key) ?? workspace.client.loadTableToRead(id);
    loaded.set(key, asked);
    return asked;
  };
  const client: Client = { ...workspace.client, loadTable: once, loadTableToRead: once };
  return { ...workspace, client };
}
