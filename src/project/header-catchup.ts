/**
 * Reads how a process catches up from its header, and checks the rules between these keys and the others.
 * YAML with places -> problems, and header -> CatchupSpec. Pure.
 */
import type { PatternKind } from '../kinds/patterns/index.ts';
import type { CatchupSpec, ProcessSpec } from '../model/process-spec.ts';
import type { Header } from './header-schema.ts';
import { isMap } from './plain-values.ts';
import type { ReportProblem } from './problems.ts';
import type { YamlText } from './yaml-text.ts';

/** What the header says about catching up; a missing key stays undefined. */
export function catchupOf({ catchup = {} }: Header): CatchupSpec {
  const { threshold_hours: thresholdHours, load, order, hours_per_session: hoursPerSession } = catchup;
  return {
    ...(thresholdHours === undefined ? {} : { thresholdHours }),
    ...(load === undefined ? {} : { load }),
    ...(order === undefined ? {} : { order }),
    ...(hoursPerSession === undefined ? {} : { hoursPerSession }),
  };
}

/** `load: changed` and `hours: touched` mean the same. */
export const hoursToLoad = ({ hours = 'contiguous', catchup }: Header): ProcessSpec['hours'] =>
  catchup?.load === 'changed' ? 'touched' : hours;

interface Rule {
  readonly key: string;
  /** Undefined if the rule is met. */
  readonly message: string | undefined;
  readonly hint: string;
}

/** Reports keys of `catchup` that mean nothing for the process's pattern, or not together with others. */
export function checkCatchup(
  header: Readonly<Record<string, unknown>>,
  kind: PatternKind,
  { yaml, report }: { readonly yaml: YamlText; readonly report: ReportProblem },
): void {
  const { catchup } = header;
  if (catchup === undefined) return;
  if (!kind.loadsHours) {
    report(
      yaml.placeOfKey(['catchup']),
      'catchup is for processes that compute hours again, and a stateless one appends each new row once, in whatever hour it lies: it owes no hours',
      'remove it',
    );
    return;
  }
  if (!isMap(catchup)) return;
  const rules = kind.readsPrevious ? ofDimension(catchup) : ofStateful(catchup, header['hours']);
  for (const { key, message, hint } of rules)
    if (message !== undefined) report(yaml.placeOf(['catchup', key]), message, hint);
}

const ofDimension = ({ load, order }: Readonly<Record<string, unknown>>): Rule[] => [
  {
    key: 'load',
    message:
      load === 'changed'
        ? 'a dimension computes each hour from the one before, so it cannot load the changed hours alone'
        : undefined,
    hint: 'remove load, or write load: range',
  },
  {
    key: 'order',
    message:
      order === 'newest'
        ? 'a dimension computes each hour from the one before, so it cannot begin with the newest'
        : undefined,
    hint: 'remove order, or write order: oldest',
  },
];

const ofStateful = (
  { load, order, threshold_hours: threshold }: Readonly<Record<string, unknown>>,
  hours: unknown,
): Rule[] => [
  {
    key: 'load',
    message: contradiction(load, hours),
    hint: 'write one of the two: catchup.load: changed is hours: touched, and catchup.load: range is hours: contiguous',
  },
  {
    key: 'order',
    message:
      order === 'newest' && threshold !== undefined
        ? 'order: newest leaves the oldest hours for last, and threshold_hours would then leave them out for good'
        : undefined,
    hint: 'remove threshold_hours, or write order: oldest',
  },
];

const contradiction = (load: unknown, hours: unknown): string | undefined =>
  (load === 'range' && hours === 'touched') || (load === 'changed' && hours === 'contiguous')
    ? `catchup.load: ${load} contradicts hours: ${hours}`
    : undefined;
