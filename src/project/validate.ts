/** Words zod's findings like the rest of this project. (schema, YAML with places) -> problems. Pure. */
import * as z from 'zod';
import { didYouMean } from './did-you-mean.ts';
import type { ReportProblem } from './problems.ts';
import type { Path, YamlText } from './yaml-text.ts';

/** Why no form of a choice fits. */
export interface NoChoice {
  readonly message: string;
  readonly hint?: string;
  /** Path of the offending value inside the choice. */
  readonly path?: PropertyKey[];
}

const unions = new WeakMap<z.ZodType, z.ZodType>();
const patterns = new WeakMap<z.ZodType, RegExp>();

/**
 * A value that has one of several forms. `pick` looks at it and chooses the form that was meant, so that the
 * reader gets that form's problems only, and not a list for each form, as from a zod union. `union` is the
 * same for the JSON schema.
 */
export function choice(pick: (value: unknown) => z.ZodType | NoChoice, union: z.ZodType): z.ZodType {
  const schema = z.unknown().superRefine((value, context) => {
    const picked = pick(value);
    if (picked instanceof z.ZodType) {
      for (const issue of picked.safeParse(value).error?.issues ?? []) context.addIssue({ ...issue });
    } else {
      context.addIssue({
        code: 'custom',
        message: picked.message,
        params: { hint: picked.hint },
        ...(picked.path === undefined ? {} : { path: picked.path }),
      });
    }
  });
  unions.set(schema, union);
  return schema;
}

/** A text that a function checks, with a pattern for the JSON schema that means the same. */
export function judgedText<Schema extends z.ZodType>(schema: Schema, pattern: RegExp): Schema {
  patterns.set(schema, pattern);
  return schema;
}

/** The JSON schema (draft-07) of what may be written, for a zod schema made from the parts above. */
export function jsonSchemaOf(schema: z.ZodType): Record<string, unknown> {
  return z.toJSONSchema(schema, {
    target: 'draft-07',
    io: 'input',
    override: ({ zodSchema, jsonSchema }) => {
      const pattern = patterns.get(zodSchema as unknown as z.ZodType);
      if (pattern !== undefined) jsonSchema.pattern = pattern.source;
      const union = unions.get(zodSchema as unknown as z.ZodType);
      if (union === undefined) return;
      const { $schema: _dialect, ...form } = jsonSchemaOf(union);
      Object.assign(jsonSchema, form);
    },
  }) as Record<string, unknown>;
}

/** Reports everything in the YAML that does not fit the schema. */
export function validate(schema: z.ZodType, yaml: YamlText, report: ReportProblem): void {
  const result = schema.safeParse(yaml.value, { reportInput: false });
  for (const issue of result.error?.issues ?? []) reportIssue(issue, yaml, report);
}

function reportIssue(issue: z.core.$ZodIssue, yaml: YamlText, report: ReportProblem): void {
  const value = valueAt(yaml.value, issue.path);
  const place = yaml.placeOf(issue.path);
  const reportMissing = (): void =>
    report(
      placeOfParent(yaml, issue.path),
      `missing key '${nameOf(issue.path)}'${inside(issue.path.slice(0, -1))}`,
    );
  switch (issue.code) {
    case 'unrecognized_keys':
      for (const key of issue.keys)
        report(
          yaml.placeOfKey([...issue.path, key]),
          `unknown key '${key}'${inside(issue.path)}`,
          didYouMean(key, issue.message.split(', '), 'known keys'),
        );
      return;
    case 'invalid_type':
      if (value === undefined) reportMissing();
      else
        report(
          place,
          `${labelOf(issue.path)} must be ${typeName(issue.expected)}, found ${foundType(value)}`,
        );
      return;
    case 'invalid_value': {
      const allowed = issue.values.map(String);
      if (value === undefined) reportMissing();
      else
        report(
          place,
          `${labelOf(issue.path)} must be one of ${allowed.join(', ')}; found ${foundText(value)}`,
          typeof value === 'string' ? nearMiss(value, allowed) : undefined,
        );
      return;
    }
    case 'too_small':
      report(
        place,
        issue.origin === 'array'
          ? `${labelOf(issue.path)} must not be empty`
          : `${labelOf(issue.path)} must be at least ${issue.minimum}`,
      );
      return;
    case 'custom':
      report(place, issue.message, issue.params?.['hint'] as string | undefined);
      return;
    default:
      report(place, `${labelOf(issue.path)}${issue.message.startsWith('must ') ? '' : ':'} ${issue.message}`);
  }
}

const nearMiss = (written: string, known: readonly string[]): string | undefined => {
  const hint = didYouMean(written, known, '');
  return hint.startsWith('did you mean') ? hint : undefined;
};

/** A missing key is reported at the key of the map that lacks it, or at the list entry. */
function placeOfParent(yaml: YamlText, path: Path): { line: number; column: number } {
  const parent = path.slice(0, -1);
  return parent.length > 0 && typeof parent.at(-1) === 'string'
    ? yaml.placeOfKey(parent)
    : yaml.placeOf(parent);
}

/** The value at a path of plain data; undefined if there is none. */
function valueAt(value: unknown, path: Path): unknown {
  let found = value;
  for (const key of path)
    found =
      found !== null && typeof found === 'object' ? (found as Record<PropertyKey, unknown>)[key] : undefined;
  return found;
}

const nameOf = (path: Path): string => String(path.at(-1) ?? '');
const names = (path: Path): string[] => path.filter((key): key is string => typeof key === 'string');
const inside = (path: Path): string => (names(path).length === 0 ? '' : ` in ${names(path).join('.')}`);
const labelOf = (path: Path): string => {
  const label = names(path).join('.');
  if (label === '') return 'the text';
  return typeof path.at(-1) === 'number' ? `an entry of ${label}` : label;
};

const TYPE_NAMES: Readonly<Record<string, string>> = {
  string: 'text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'a map of keys',
  record: 'a map of keys',
};
const typeName = (expected: string): string => TYPE_NAMES[expected] ?? expected;

/** Names the kind of a value and never the value: it may be a password in the wrong place. */
export function foundType(value: unknown): string {
  if (value === null) return 'nothing';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object') return 'a map of keys';
  if (typeof value === 'string') return 'text';
  return typeof value === 'boolean' ? 'true or false' : 'a number';
}

/** Only for keys with a fixed list of words, whose values are not secret. */
const foundText = (value: unknown): string =>
  typeof value === 'string' ? `'${value}'` : typeof value === 'number' ? String(value) : foundType(value);
