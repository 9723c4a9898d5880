/** Defines an entry of `audits` as a zod schema: `- not_null: { … }`, or only a kind's name. */
import * as z from 'zod';
import { AUDIT_NAMES, type AuditName, auditKind, isAuditName } from '../kinds/audits/index.ts';
import { strictMap } from '../kinds/shapes.ts';
import { didYouMean } from './did-you-mean.ts';
import type { OwnAudits } from './own-audits.ts';
import { isMap, nameText } from './plain-values.ts';
import { choice, foundType, type NoChoice } from './validate.ts';

const common = { severity: z.enum(['block', 'warn']).optional(), name: nameText.optional() };
// Made once for each name: zod generates code for a map, which takes longer than reading one audit with it.
const formOf = kept((name: AuditName) => {
  const { argument, beside } = auditKind(name);
  return strictMap({ [name]: argument, ...beside, ...common });
});
/** The argument is checked against what the file declares when that file is read. */
const ownFormOf = kept((name: string) => strictMap({ [name]: z.unknown(), ...common }));
const alone = z.string();

function kept<Name extends string, Form>(make: (name: Name) => Form): (name: Name) => Form {
  const made = new Map<Name, Form>();
  return (name) => {
    const form = made.get(name) ?? make(name);
    made.set(name, form);
    return form;
  };
}

const needsArguments = (name: AuditName): NoChoice => ({
  message: `the audit ${name} needs arguments`,
  hint: `write ${auditKind(name).example}`,
});

function pickAudit(value: unknown, own: OwnAudits): z.ZodType | NoChoice {
  const names = [...new Set([...AUDIT_NAMES, ...own.keys()])];
  const unknownAudit = (written: string): NoChoice => ({
    message: `unknown audit '${written}'`,
    hint: didYouMean(written, names, 'audits'),
  });
  if (typeof value === 'string') {
    if (own.has(value)) return alone;
    if (!isAuditName(value)) return unknownAudit(value);
    return auditKind(value).standsAlone === true ? alone : needsArguments(value);
  }
  if (!isMap(value))
    return { message: `an audit must be a name or a map of keys, found ${foundType(value)}` };
  const keys = Object.keys(value);
  const [first, second] = keys.filter((key) => isAuditName(key) || own.has(key));
  if (first !== undefined && second !== undefined)
    return {
      message: `one audit holds both ${first} and ${second}`,
      hint: 'begin a list entry (-) for each audit',
    };
  if (first !== undefined) {
    if (own.has(first) || !isAuditName(first)) return ownFormOf(first);
    return value[first] === null && auditKind(first).standsAlone !== true
      ? needsArguments(first)
      : formOf(first);
  }
  const unknown = keys.find((key) => !Object.hasOwn(common, key));
  return unknown === undefined
    ? { message: 'an audit without a kind', hint: `audits: ${names.join(', ')}` }
    : unknownAudit(unknown);
}

/** An entry of `audits` if a project has these audits of its own. */
export function auditSchemaWith(own: OwnAudits): z.ZodType {
  const builtIn = AUDIT_NAMES.filter((name) => !own.has(name));
  return choice(
    (value) => pickAudit(value, own),
    z.union([
      ...builtIn.filter((name) => auditKind(name).standsAlone === true).map((name) => z.literal(name)),
      ...builtIn.map(formOf),
      ...[...own.keys()].flatMap((name) => [z.literal(name), ownFormOf(name)]),
    ]),
  );
}
