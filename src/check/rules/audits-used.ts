/** `audit-unused`: a file of `audits/` that no process names is run by nobody, and nobody reads its SQL. */
import path from 'node:path';
import type { Found, Rule } from './rule.ts';

export const auditsUsed: Rule = ({ project, processes, drafts, auditFiles }) => {
  // A header that cannot be read may name the file.
  if (drafts.length > processes.length) return [];
  const named = new Set(
    processes.flatMap(({ spec }) =>
      spec.audits.flatMap(({ file }) => (file === undefined ? [] : path.relative(project.root, file))),
    ),
  );
  return auditFiles.filter((file) => !named.has(path.normalize(file))).map(found);
};

const found = (file: string): Found => ({
  code: 'audit-unused',
  file,
  place: { line: 1, column: 1 },
  message: 'no process names this audit, so it is never run',
  hint: `name it under audits: of a process, as "- sql: ${file}"; or remove the file`,
});
