/**
 * Reads `vars:` of psyberg.yaml, and the values that the command line gives instead. YAML + texts ->
 * VariableSpec[]. Every problem is reported.
 */
import * as z from 'zod';
import { NAME_PATTERN } from '../model/names.ts';
import {
  ENGINE_PARAMETERS,
  type VariableSpec,
  type VariableType,
  type VariableValue,
} from '../model/process-spec.ts';
import { didYouMean } from './did-you-mean.ts';
import { isMap } from './plain-values.ts';
import type { ReportProblem } from './problems.ts';
import { choice, foundType } from './validate.ts';
import type { WrittenScalar, YamlText } from './yaml-text.ts';

/** Values by name, as texts of the command line or as a script gives them. */
export type GivenVariables = Readonly<Record<string, VariableValue>>;

/** What values are allowed is checked here, where the name is known; the union is for editors. */
export const variablesSchema = z
  .record(
    z.string(),
    choice(() => z.unknown(), z.union([z.string(), z.number(), z.boolean()])),
  )
  .optional();

const KIND: Readonly<Record<VariableType, string>> = {
  VARCHAR: 'text',
  BIGINT: 'a whole number',
  DOUBLE: 'a number',
  BOOLEAN: 'true or false',
  DATE: 'a date such as 2024-01-31',
};

/** The variables with the values of `given`, each converted to its declared type. */
export function readVariables(
  yaml: YamlText,
  given: GivenVariables,
  report: ReportProblem,
): readonly VariableSpec[] {
  const written = isMap(yaml.value) && isMap(yaml.value['vars']) ? yaml.value['vars'] : {};
  const variables = Object.entries(written).flatMap(([name, value]): VariableSpec[] => {
    const place = yaml.placeOfKey(['vars', name]);
    const declared = declaredOf(value, yaml.scalarAt(['vars', name]));
    const problem = nameProblem(name, Object.keys(written)) ?? ('message' in declared ? declared : undefined);
    if (problem !== undefined || 'message' in declared) {
      const { message, hint } = problem as Problem;
      report(place, `the variable ${name} ${message}`, hint);
      return [];
    }
    return [{ name, ...declared, isGiven: false, place }];
  });
  const names = Object.keys(written);
  for (const name of Object.keys(given))
    if (!names.includes(name))
      report(
        yaml.placeOfKey(['vars']),
        `vars has no variable ${name}, which --var sets`,
        didYouMean(name, names, 'variables'),
      );
  return variables.map((variable) => withGiven(variable, given, report));
}

interface Problem {
  readonly message: string;
  readonly hint: string;
}

function nameProblem(name: string, all: readonly string[]): Problem | undefined {
  // To DuckDB $day and $Day are the same.
  const first = all.find((other) => other.toLowerCase() === name.toLowerCase());
  if (first !== name)
    return { message: `differs by case alone from ${first}`, hint: 'give one of them another name' };
  if (!NAME_PATTERN.test(name))
    return {
      message: 'has a name that SQL cannot use',
      hint: 'use letters, digits and _, and begin with no digit',
    };
  if (ENGINE_PARAMETERS.has(name.toLowerCase()) || name.toLowerCase().startsWith('psyberg_'))
    return {
      message: `has the name of a parameter that the engine gives a value to`,
      hint: `choose another name; taken are ${[...ENGINE_PARAMETERS].join(', ')} and what begins with psyberg_`,
    };
  return undefined;
}

/** The type follows from the value as YAML spells it: `30`, `30.0`, `true`, `2024-01-31` or text. */
function declaredOf(
  value: unknown,
  scalar: WrittenScalar | undefined,
): Pick<VariableSpec, 'type' | 'value'> | Problem {
  if (typeof value === 'boolean') return { type: 'BOOLEAN', value };
  if (typeof value === 'number') {
    if (!/^[-+]?\d+$/.test(scalar?.source ?? String(value)))
      return Number.isFinite(value)
        ? { type: 'DOUBLE', value }
        : { message: 'is no finite number', hint: 'write digits' };
    return Number.isSafeInteger(value)
      ? { type: 'BIGINT', value }
      : {
          message: 'would lose digits',
          hint: 'write it in quotes, and cast it in the query: $name::hugeint',
        };
  }
  if (typeof value === 'string') {
    if (scalar?.isPlain !== true || !DATE.test(value)) return { type: 'VARCHAR', value };
    return isDate(value)
      ? { type: 'DATE', value }
      : { message: `is no date: ${value}`, hint: 'correct it, or put it in quotes to have text' };
  }
  return value === null || value === undefined
    ? { message: 'is not set', hint: 'give it a value: --var may put another of the same type in its place' }
    : {
        message: `must be text, a number, a date, true or false; found ${foundType(value)}`,
        hint: 'write the parts as variables of their own',
      };
}

const DATE = /^\d{4}-\d{2}-\d{2}$/;
/** True for a `YYYY-MM-DD` that exists in the calendar. */
export const isDate = (text: string): boolean => {
  const ms = DATE.test(text) ? Date.parse(`${text}T00:00:00Z`) : Number.NaN;
  return !Number.isNaN(ms) && new Date(ms).toISOString().startsWith(text);
};

function withGiven(variable: VariableSpec, given: GivenVariables, report: ReportProblem): VariableSpec {
  const { name, type, place } = variable;
  if (!Object.hasOwn(given, name)) return variable;
  const value = typedValueOf(type, String(given[name]));
  if (value !== undefined) return { ...variable, value, isGiven: true };
  report(
    place,
    `--var ${name}=${String(given[name])}: ${name} is ${KIND[type]}, as in psyberg.yaml`,
    type === 'BIGINT'
      ? `write a whole number; with ${name}: ${String(variable.value)}.0 in psyberg.yaml it may have a fraction`
      : `write ${KIND[type]}`,
  );
  return variable;
}

/** A text as a value of the type; undefined if it is not one. */
export function typedValueOf(type: VariableType, text: string): VariableValue | undefined {
  switch (type) {
    case 'VARCHAR':
      return text;
    case 'BIGINT':
      if (!/^-?\d+$/.test(text) || BigInt.asIntN(64, BigInt(text)) !== BigInt(text)) return undefined;
      // JSON has no such numbers, so a plan holds them as text.
      return Number.isSafeInteger(Number(text)) ? Number(text) : String(BigInt(text));
    case 'DOUBLE':
      return text.trim() !== '' && Number.isFinite(Number(text)) ? Number(text) : undefined;
    case 'BOOLEAN':
      return text === 'true' || text === 'false' ? text === 'true' : undefined;
    case 'DATE':
      return isDate(text) ? text : undefined;
  }
}

/** Reports values that were given but are named by no SQL of the project. */
export function reportUnused(
  variables: readonly VariableSpec[],
  given: GivenVariables,
  named: ReadonlySet<string>,
  report: ReportProblem,
): void {
  for (const { name, place } of variables)
    if (Object.hasOwn(given, name) && !named.has(name))
      report(
        place,
        `no query and no audit names $${name}, which --var sets`,
        `name it in the SQL, or leave --var ${name} out`,
      );
}
