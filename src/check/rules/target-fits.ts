/**
 * `target-schema-mismatch`, `target-type-mismatch`: the target that is there has other columns than the query
 * returns, and a session would end with that error.
 */
import { PROBLEM_CODES, type ProblemCode } from '../../model/problem-codes.ts';
import type { CheckedProcess } from '../facts.ts';
import { columnOfName, type Found, perProcess } from './rule.ts';

export const targetFits = perProcess((process): Found[] => {
  const { spec, file, unfit } = process;
  if (unfit === undefined || !isProblem(unfit.code) || lacksEventTime(process)) return [];
  return [{ code: unfit.code, file, place: spec.sqlOffset, message: unfit.message, hint: unfit.hint }];
});

const isProblem = (code: string): code is ProblemCode => code in PROBLEM_CODES;

/** `target-event-time` says so at its place. */
const lacksEventTime = ({ spec: { target }, bound }: CheckedProcess): boolean =>
  target.eventTime !== undefined && columnOfName(bound?.query.columns ?? [], target.eventTime) === undefined;
