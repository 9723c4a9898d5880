/** Writes what a restate would do, as text. Plans -> text. Pure. */
import type { CompiledPlan } from '../model/plan.ts';
import { type Document, faint, type Spans, strong, warn } from './document.ts';
import { documentText, type PageOptions } from './document-text.ts';
import { bytesText, countText, instantLabel, plural, unitsLabel, unitsText } from './text.ts';

/**
 * Says what is replaced, what is read for it, and which processes below take it up: their plans come after
 * the first.
 */
export const restatePlanText = (plans: readonly CompiledPlan[], page: PageOptions = {}): string =>
  documentText(restateOverview(plans), page);

function restateOverview([plan, ...below]: readonly CompiledPlan[]): Document {
  if (plan === undefined) return [];
  const then = below.map((each, place): [string, Spans] => [place === 0 ? 'then' : '', belowText(each)]);
  if (plan.status !== 'work')
    return [
      {
        kind: 'heading',
        text: [strong(plan.process_name), '  ', faint('nothing to restate')],
      },
      ...(then.length === 0 ? [] : [{ kind: 'facts', facts: then } as const]),
    ];
  const hours = plan.hours.map(({ hour }) => hour);
  const asked = plan.hours.filter(({ reason }) => reason === 'restated').length;
  const following =
    asked === hours.length ? '' : `, ${countText(hours.length - asked)} of them follow from those before`;
  return [
    { kind: 'heading', text: [strong(plan.process_name), `  would overwrite ${plan.target.table}`] },
    {
      kind: 'facts',
      facts: [
        [
          plan.grain === 'day' ? 'days' : 'hours',
          [`${unitsLabel(plan, hours)} (${unitsText(plan, hours.length)}${following})`],
        ],
        ['reads', [readsText(plan)]],
        ...plan.sources.map((source): [string, Spans] => ['', [sourceText(source)]]),
        ...(plan.reason === undefined ? [] : [['reason', [plan.reason]] as [string, Spans]]),
        ...then,
      ],
    },
    ...(plan.warnings ?? []).map(({ message, hint }) => ({
      kind: 'lines' as const,
      lines: [[warn(`warning: ${message}`)], [faint(hint)]],
    })),
  ];
}

/** Names a process below, and its hours as far as they are known before those above it have run. */
function belowText(plan: CompiledPlan): Spans {
  const { process_name: name, target, grain = 'hour', expected_unknown_because: unknown } = plan;
  const hours = plan.expected_hours ?? [];
  if (unknown != null) return [`${name}: `, warn(`which ${grain}s is not known before: ${unknown}`)];
  if (hours.length === 0) return [`${name}: nothing`];
  return [`${name}: ${target.table}, ${unitsLabel(plan, hours)} (${unitsText(plan, hours.length)} at most)`];
}

function readsText({ reads }: CompiledPlan): string {
  if (reads === undefined) return 'the sources as of the watermarks';
  return `${countText(reads.rows)} ${reads.rows === '1' ? 'row' : 'rows'} at most, in ${plural(reads.files, 'file')}, ${bytesText(reads.bytes)}, as of the watermarks:`;
}

function sourceText({ table, head, read }: CompiledPlan['sources'][number]): string {
  if (head === null) return `${table}: empty`;
  return read.kind === 'files'
    ? `${table}: ${plural(read.files.length, 'file')} that were loaded`
    : `${table} as it was at ${instantLabel(head.committed_at)}`;
}
