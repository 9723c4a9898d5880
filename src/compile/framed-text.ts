/** Frames what `psyberg compile` prints: remarks before the statements of a shell. Pure. */
import { compiledMark } from '../model/compiled-mark.ts';
import { hourRangeOf, hourRangeText } from '../model/hour-range.ts';
import type { Plan } from '../model/plan.ts';
import type { CompiledTexts, HoursAsked } from './look.ts';

export interface FramedText {
  readonly stage: keyof CompiledTexts;
  /** What it is, and where it runs. */
  readonly about: readonly string[];
  /** The values by name, as SQL writes them; what is said before them. */
  readonly values: readonly (readonly [name: string, text: string])[];
  readonly aboutValues: readonly string[];
  readonly body: readonly string[];
}

export function framedText(plan: Plan, { stage, about, values, aboutValues, body }: FramedText): string {
  const head = [
    ...about,
    ...(values.length === 0 ? [] : ['', ...aboutValues]),
    ...values.map(([name, value]) => `  $${name} = ${shortened(value)}`),
  ];
  return [
    compiledMark(plan.process_name, stage),
    ...head.map((line) => `-- ${line}`.trimEnd()),
    '',
    ...body,
    '',
  ].join('\n');
}

const LONG = 70;
const shortened = (value: string): string => (value.length > LONG ? `${value.slice(0, LONG)}…` : value);

/** The command that serves the tables of the session that a text is of. */
export function serveCommand(plan: Plan, asked: HoursAsked): string {
  const { process_name: name, range } = plan;
  const hours =
    asked === 'given' && range !== null ? ` --hours ${hourRangeText(hourRangeOf(range), plan)}` : '';
  return `psyberg catalog serve --session ${name}${hours}`;
}
