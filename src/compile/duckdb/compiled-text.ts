/**
 * What `psyberg compile` gives of a process: the texts of its load and its audits, each with a head that says
 * what it is, where it runs and with which values. Plan + SQL -> texts. Pure.
 */
import { patternOf } from '../../kinds/patterns/index.ts';
import { assertNever } from '../../model/errors.ts';
import { hoursText } from '../../model/hour-range.ts';
import type { Plan } from '../../model/plan.ts';
import type { ProcessSpec } from '../../model/process-spec.ts';
import { servedName } from '../../model/session-branch.ts';
import { quoteLiteral } from '../../statements/index.ts';
import { hoursThatMayStay } from '../early-stop.ts';
import { framedText, serveCommand } from '../framed-text.ts';
import type { CompiledTexts, HoursAsked, TextsRequest } from '../look.ts';
import { SESSION_CATALOG } from '../session-tables.ts';
import { auditScript, loadScript, prologue, type ScriptPart, valueTexts } from './script.ts';

export function compiledTexts(plan: Plan, spec: ProcessSpec, request: TextsRequest): CompiledTexts {
  const { shape, asked, keptRows } = request;
  const load = loadScript(plan, spec, shape);
  const audit = auditScript(plan, spec, { keptRows });
  return {
    load: text(plan, { stage: 'load', asked, part: load, where: whereLoad(plan, asked) }),
    audit: text(plan, {
      stage: 'audit',
      asked,
      part: audit,
      where:
        spec.audits.length === 0
          ? ['The process has no audits.']
          : ['It goes on where the load ends: run that before it, in the same shell.'],
    }),
  };
}

interface Headed {
  readonly stage: keyof CompiledTexts;
  readonly asked: HoursAsked;
  readonly part: ScriptPart;
  readonly where: readonly string[];
}

const text = (plan: Plan, { stage, asked, part, where }: Headed): string =>
  framedText(plan, {
    stage,
    about: [...whatOf(plan, asked), '', ...where],
    values: valueTexts(part),
    aboutValues: aboutValues(plan, stage),
    body: [prologue(part), ...(part.sql === '' ? [] : ['', part.sql])],
  });

const aboutValues = (plan: Plan, stage: keyof CompiledTexts): string[] => [
  "Values. A $name of the process's SQL is a variable here, getvariable('name').",
  ...(stage === 'load' && patternOf(plan).readsPrevious
    ? [`These are of the first ${plan.grain ?? 'hour'}; each later one sets its own.`]
    : []),
];

function whatOf(plan: Plan, asked: HoursAsked): string[] {
  const { operation, table } = plan.target;
  const { readsPrevious } = patternOf(plan);
  const how = readsPrevious ? ', one after the other' : '';
  const ofHours =
    operation === 'append'
      ? `of ${table}, as a recompute would have them`
      : `a load replaces its ${plan.grain ?? 'hour'}s in ${table}${how}`;
  const does = plan.range === null ? `a load adds its rows to ${table}` : ofHours;
  const stays = hoursThatMayStay(plan);
  return [
    `${subjectOf(plan, asked)};`,
    `${does} (${plan.pattern}).`,
    ...(stays === 0
      ? []
      : [
          `It may stop early: where ${A_UNIT[plan.grain ?? 'hour']} comes out as stored, those after it stay as they are, ${stays} at most.`,
          'This text computes all of them, to the same rows.',
        ]),
  ];
}

const A_UNIT = { hour: 'an hour', day: 'a day' } as const;

function subjectOf(plan: Plan, asked: HoursAsked): string {
  switch (asked) {
    case 'session':
      return `The next session: ${hoursText(plan)}`;
    case 'given':
      return `Hours that were named: ${hoursText(plan)}`;
    case 'last':
      return plan.range === null
        ? 'Nothing is to be loaded now: there are no new files'
        : `Nothing is to be loaded now. The last ${plan.grain ?? 'hour'}: ${hoursText(plan)}`;
    default:
      return assertNever(asked);
  }
}

const whereLoad = (plan: Plan, asked: HoursAsked): string[] => [
  "It runs in a DuckDB shell that has the session's tables attached, read-only:",
  `  ${serveCommand(plan, asked)}`,
  `  attach '${servedName(plan.process_name)}' as ${SESSION_CATALOG}`,
  "    (type iceberg, endpoint '<uri>', token '<token>');",
  'The first command prints the second one with its uri and token.',
];

/** DuckDB's statement for tables that are served, under the name that the texts use. It holds the token. */
export const attachText = ({
  warehouse,
  uri,
  token,
}: {
  readonly warehouse: string;
  readonly uri: string;
  readonly token: string;
}): string =>
  `attach ${quoteLiteral(warehouse)} as ${SESSION_CATALOG} (type iceberg, endpoint ${quoteLiteral(uri)}, token ${quoteLiteral(token)});`;
