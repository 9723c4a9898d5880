/**
 * `audit-sql-failed`: binds audits over the sources and over what the query returns. An error in one of the
 * engine's own kinds of audit is a wrong name in the header.
 */
import type { BindingFault } from '../../binding/bind-text.ts';
import { placeIn } from '../../binding/edited-text.ts';
import type { AuditSpec, TextPosition } from '../../model/process-spec.ts';
import { relativeFile } from '../../project/relative-file.ts';
import type { CheckedProcess } from '../facts.ts';
import { type Found, isUndeclaredRead, perProcess } from './rule.ts';

export const auditsBind = perProcess((process, { project }) =>
  (process.bound?.audits ?? []).flatMap(({ audit, bound }) => {
    const file = audit.file === undefined ? process.file : relativeFile(project.root, audit.file);
    const faults = bound.faults.filter((fault) => !isUndeclaredRead(process, file, fault));
    return faults.map((fault): Found => {
      const { message, hint } = fault;
      const named = `${audit.name} of ${process.spec.processName}: ${message}`;
      return { code: 'audit-sql-failed', file, place: placeOf(process, audit, fault), message: named, hint };
    });
  }),
);

function placeOf(process: CheckedProcess, audit: AuditSpec, fault: BindingFault): TextPosition {
  if (audit.sql === undefined || audit.file === undefined) return placeInHeader(process, audit, fault);
  return fault.offset === undefined ? audit.place : placeIn(audit.sql, audit.place, fault.offset);
}

/** The place of the name that does not exist, else that of the audit. */
function placeInHeader({ spec, draft }: CheckedProcess, audit: AuditSpec, { missing }: BindingFault) {
  const index = spec.audits.indexOf(audit);
  const path = missing === undefined ? undefined : pathOf(draft.header, ['audits', index], missing);
  return path === undefined ? audit.place : draft.placeOf(path);
}

/** Finds the path of a text below another path. */
function pathOf(header: unknown, begin: readonly (string | number)[], text: string) {
  const find = (value: unknown, path: readonly (string | number)[]): typeof path | undefined => {
    if (typeof value === 'string') return value.toLowerCase() === text.toLowerCase() ? path : undefined;
    if (typeof value !== 'object' || value === null) return undefined;
    for (const [key, inner] of Object.entries(value)) {
      const found = find(inner, [...path, Array.isArray(value) ? Number(key) : key]);
      if (found !== undefined) return found;
    }
    return undefined;
  };
  let value = header;
  for (const key of begin) value = (value as Record<string | number, unknown> | undefined)?.[key];
  return find(value, begin);
}
