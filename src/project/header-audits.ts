/** An entry of `audits` as a zod schema: `- not_null: { … }`, or a kind's name alone. */
import * as z from 'zod';
import { AUDIT_NAMES, type AuditName, auditKind, isAuditName } from '../kinds/audits/index.ts';
import { strictMap } from '../kinds/shapes.ts';
import { didYouMean } from './did-you-mean.ts';
import { isMap, nameText } from './plain-values.ts';
import { choice, foundType, type NoChoice } from './validate.ts';

const common = { severity: z.enum(['block', 'warn']).optional(), name: nameText.optional() };
const formOf = (name: AuditName) => strictMap({ [name]: auditKind(name).argument, ...common });

const needsArguments = (name: AuditName): NoChoice => ({
  message: `the audit ${name} needs arguments`,
  hint: `write ${auditKind(name).example}`,
});
const unknownAudit = (written: string): NoChoice => ({
  message: `unknown audit '${written}'`,
  hint: didYouMean(written, AUDIT_NAMES, 'audits'),
});

function pickAudit(value: unknown): z.ZodType | NoChoice {
  if (typeof value === 'string') {
    if (!isAuditName(value)) return unknownAudit(value);
    return auditKind(value).standsAlone === true ? z.string() : needsArguments(value);
  }
  if (!isMap(value))
    return { message: `an audit must be a name or a map of keys, found ${foundType(value)}` };
  const keys = Object.keys(value);
  const [first, second] = keys.filter(isAuditName);
  if (first !== undefined && second !== undefined)
    return {
      message: `one audit holds both ${first} and ${second}`,
      hint: 'begin a list entry (-) for each audit',
    };
  if (first !== undefined)
    return value[first] === null && auditKind(first).standsAlone !== true
      ? needsArguments(first)
      : formOf(first);
  const unknown = keys.find((key) => !Object.hasOwn(common, key));
  return unknown === undefined
    ? { message: 'an audit without a kind', hint: `audits: ${AUDIT_NAMES.join(', ')}` }
    : unknownAudit(unknown);
}

export const auditSchema = choice(
  pickAudit,
  z.union([
    ...AUDIT_NAMES.filter((name) => auditKind(name).standsAlone === true).map((name) => z.literal(name)),
    ...AUDIT_NAMES.map(formOf),
  ]),
);
